"""API process: `uvicorn --factory services.monitoring.main:create_app`."""

from services.monitoring.settings import Settings
from services.monitoring.spec import SPEC
from shared.observability.logs import configure_logging
from shared.process import settle_heap
from shared.service import ServiceApp, create_service_app


def create_app() -> ServiceApp:
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    app = create_service_app(SPEC, settings)
    settle_heap()
    return app
