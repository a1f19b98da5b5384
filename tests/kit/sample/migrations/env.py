from shared.db.migrations import run
from tests.kit.sample.spec import metadata

run(metadata)
