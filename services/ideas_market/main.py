"""API process: `uvicorn --factory services.ideas_market.main:create_app`."""

from services.ideas_market.settings import Settings
from services.ideas_market.spec import SPEC
from shared.observability.logs import configure_logging
from shared.process import drain_on_signal, settle_heap
from shared.service import ServiceApp, create_service_app


def create_app() -> ServiceApp:
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    app = create_service_app(SPEC, settings)
    drain_on_signal(app.runtime)
    settle_heap()
    return app
