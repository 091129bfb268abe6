"""Pictures, style and script, and a sign of life."""

from functools import lru_cache
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from tombola.study.server.desk import RefusedError, desk_of
from tombola.study.server.rendering import STATIC, static_file
from tombola.study.server.responses import Documented, answers
from tombola.study.server.visit import Arriving

router = APIRouter()

KEPT_PICTURES = 512
PICTURE: Documented = {
    200: {"description": "The picture", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
FILE: Documented = {
    200: {
        "description": "The file",
        "content": {kind: {"schema": {"type": "string"}} for kind in sorted(set(STATIC.values()))},
    }
}
ALIVE: Documented = {
    200: {
        "description": "The server and its database answer",
        "content": {"application/json": {"schema": {"type": "object", "properties": {"status": {"const": "ok"}}}}},
    }
}


@router.get("/picture/{name}.png", responses=PICTURE | answers(401, 404, 422), response_class=Response)
async def picture(visit: Arriving, name: Annotated[str, Path(max_length=100)]) -> Response:
    """Send a picture of the participant's own plan; all headers but its content are the same for every picture."""
    if name not in visit.desk.pictures_of(visit.who.id):
        raise RefusedError(404, "There is no such picture.")
    content = _picture(visit.desk.study.public_folder, name)
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/static/{name}", responses=FILE | answers(404, 422), response_class=Response)
async def static(name: Annotated[str, Path(max_length=100)]) -> Response:
    """Send style or script; their addresses change with their content."""
    if name not in STATIC:
        raise RefusedError(404, "There is no such file.")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(static_file(name), media_type=STATIC[name], headers=kept)


@router.get("/healthz", responses=ALIVE | answers(), response_class=Response)
async def healthz(request: Request) -> Response:
    """Say that the server and its database answer."""
    desk_of(request).database.read(lambda connection: connection.execute("SELECT 1").fetchone())
    return Response('{"status": "ok"}', media_type="application/json")


@lru_cache(maxsize=KEPT_PICTURES)
def _picture(folder: FilePath, name: str) -> bytes:
    try:
        return (folder / f"{name}.png").read_bytes()
    except OSError as error:
        raise RefusedError(404, "There is no such picture.") from error
