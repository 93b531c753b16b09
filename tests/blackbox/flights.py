"""What the tests of flight recorders share."""
import random

from harness import BUILD

SAME, DIFFERENT, UNUSABLE = 0, 1, 2


def export(device, name="it.flight", **options):
    """(path, words)"""
    path = device.world.dir / name
    return path, device.run("flight", "export", path, **options)["opening_words"]


def replay(world, path, words, *options):
    return world.run(BUILD / "tests/simulation/replay", path, "--words", words, *options)


def insist_on_the_same(world, path, words):
    answer = replay(world, path, words)
    assert answer.code == SAME and "byte for byte" in answer.out, f"{answer}"
    return answer


def legs(device):
    return device.run("flight", "list")["legs"]


def bytes_kept(device):
    return sum(path.stat().st_size for path in (device.dir / "flight").glob("*"))


def a_photo(world):
    path = world.dir / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + random.Random(3).randbytes(90000))
    return path
