"""How GeoJSON (RFC 7946) is answered."""

from starlette.responses import JSONResponse


class GeoJson(JSONResponse):
    """Bytes as they were rendered. Of this class so that OpenAPI shows the model and no string."""

    media_type = "application/geo+json"

    def render(self, content: bytes) -> bytes:
        return content
