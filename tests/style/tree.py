"""The files of the source tree, and results in TAP, for the style tests."""
import os


def source_files(root, *endings):
    """Paths relative to root, sorted, of all files that end so; build folders are not part of the tree."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders
            if name not in (".git", ".setup", "__pycache__")
            and not (folder == root and name.startswith("build"))
            and not os.path.exists(os.path.join(folder, name, "build.ninja")))
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(endings)]
    return sorted(found)


def read_lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
        return file.read().split("\n")


def report(promises):
    """Prints one TAP line for each (promise, complaints), and the complaints of those that are broken."""
    print(f"1..{len(promises)}")
    for number, (promise, complaints) in enumerate(promises, 1):
        print(f"{'not ok' if complaints else 'ok'} {number} - {promise}")
        for complaint in complaints:
            print(f"# {complaint}")
    return 1 if any(complaints for _, complaints in promises) else 0
