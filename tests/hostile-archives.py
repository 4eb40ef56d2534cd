#!/usr/bin/env python3
"""Write archives that try to do harm, each to DIR/NAME: hostile-archives.py DIR
Every one has the entries "before" and "zz/after" too, which must come out."""
import gzip, io, os, struct, sys, tarfile, zipfile

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def entry(name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    info.mtime = 1000000000
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def tar(name, *entries, mode="w", form=tarfile.GNU_FORMAT):
    with tarfile.open(os.path.join(out, name), mode, format=form) as archive:
        for info, data in [entry("before", b"B"), *entries, entry("zz/after", b"A")]:
            archive.addfile(info, io.BytesIO(data))


def link(name, target):
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def hard(name, target):
    return entry(name, type=tarfile.LNKTYPE, linkname=target)


# Names that lead out.
tar("dotdot.tar", entry("../out", b"x"))
tar("dotdot-inside.tar", entry("a/../../out", b"x"))
tar("dotdot-end.tar", entry("a/..", b"x"))
tar("absolute.tar", entry("/tmp/sa-hostile-out", b"x"))
tar("double-slash.tar", entry("//tmp/sa-hostile-out", b"x"))
tar("dotdot-folder.tar", entry("../outdir/", type=tarfile.DIRTYPE))
tar("pax-dotdot.tar", entry("../" + "long" * 60, b"x"), form=tarfile.PAX_FORMAT)
# Links.
tar("link-absolute.tar", link("l", "/etc"))
tar("link-out.tar", link("l", "../.."))
tar("link-out-deep.tar", link("d/l", "../../x"))
tar("link-through.tar", link("l", ".."), entry("l/out", b"x"))
tar("link-through-inside.tar", entry("d/", type=tarfile.DIRTYPE, mode=0o755), link("l", "d"), entry("l/f", b"x"))
tar("link-two-step.tar", link("a", "."), link("b", "a/.."), entry("b/out", b"x"))
tar("link-over-folder.tar", entry("d/", type=tarfile.DIRTYPE, mode=0o755), link("d", "/etc"))
tar("link-then-file.tar", link("l", "target"), entry("l", b"x"))
tar("link-loop.tar", link("l", "l"), entry("l/f", b"x"))
tar("link-good.tar", entry("d/f", b"x"), link("d/e/l", "../f"), link("l", "d/f"))
# Hard links.
tar("hard-outside.tar", hard("h", "/etc/passwd"))
tar("hard-dotdot.tar", hard("h", "../victim"))
tar("hard-existing.tar", hard("h", "existing"))
tar("hard-to-link.tar", link("l", "before"), hard("h", "l"))
tar("hard-missing.tar", hard("h", "nothing"))
tar("hard-good.tar", entry("f", b"x"), hard("d/h", "f"))
# What no archive should bring.
tar("devices.tar", entry("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    entry("disk", type=tarfile.BLKTYPE, devmajor=8), entry("pipe", type=tarfile.FIFOTYPE))
tar("setuid.tar", entry("su", b"x", mode=0o6755), entry("st/", type=tarfile.DIRTYPE, mode=0o1777))
tar("locked-folder.tar", entry("no/", type=tarfile.DIRTYPE, mode=0), entry("no/f", b"x"))
# Names that are absurd.
tar("long-part.tar", entry("n" * 256, b"x"))
tar("long-path.tar", entry("d/" * 3000 + "f", b"x"))
tar("deep.tar", entry("d/" * 257 + "f", b"x"))
tar("deepest.tar", entry("d/" * 255 + "f", b"x"))
tar("odd-names.tar", entry("new\nline", b"x"), entry("\x1b[31mred", b"x"), entry("back\\slash", b"x"), entry(" ", b"x"),
    entry("-rf", b"x"), entry("a//b/./c", b"x"), entry("...", b"x"), entry("..a", b"x"), entry("COM1", b"x"))
tar("utf8.tar", entry("\u65e5\u672c/na\u00efve" + "x" * 120, b"x"), form=tarfile.PAX_FORMAT)
tar("empty-name.tar", entry("", b"x"))
tar("dots.tar", entry("./", type=tarfile.DIRTYPE), entry(".", type=tarfile.DIRTYPE), entry("./x", b"x"))
# Twice.
tar("twice.tar", entry("f", b"first"), entry("./f", b"second"), entry("f", b"third"))
tar("twice-link.tar", link("f", "before"), entry("f", b"x"))
tar("file-is-folder.tar", entry("f", b"x"), entry("f/g", b"x"))
tar("folder-is-file.tar", entry("f/g", b"x"), entry("f", b"x"))
tar("folder-twice.tar", entry("d/", type=tarfile.DIRTYPE, mode=0o755), entry("d/", type=tarfile.DIRTYPE, mode=0o755))
# Bombs: 200 MiB of zeros in a compressed entry, a terabyte in a sparse one.
tar("ratio.tar.gz", entry("bomb", bytes(200 << 20)), mode="w:gz")
with zipfile.ZipFile(os.path.join(out, "ratio.zip"), "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("before", "B")
    z.writestr("bomb", bytes(200 << 20))
    z.writestr("zz/after", "A")


def sparse(name, size):
    block = bytearray(tarfile.TarInfo("sparse").tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"00000000000\0"
    block[156:157] = b"S"
    struct.pack_into("12s12s", block, 386, b"%011o\0" % 0, b"%011o\0" % 0)
    block[483:495] = b"\x80" + size.to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    blocks = b"".join(i.tobuf(tarfile.GNU_FORMAT) + d.ljust(512, b"\0") for i, d in [entry("before", b"B")])
    blocks += bytes(block) + b"".join(i.tobuf(tarfile.GNU_FORMAT) + d.ljust(512, b"\0") for i, d in [entry("zz/after", b"A")])
    with open(os.path.join(out, name), "wb") as f:
        f.write(blocks + bytes(1024))


sparse("sparse.tar", 1 << 40)
sparse("sparse-small.tar", 1 << 20)


# Zips.
def zip_file(name, *entries):
    with zipfile.ZipFile(os.path.join(out, name), "w") as z:
        for path, data, mode in [("before", "B", 0o100644), *entries, ("zz/after", "A", 0o100644)]:
            info = zipfile.ZipInfo(path)
            info.create_system = 3
            info.external_attr = mode << 16
            z.writestr(info, data)


zip_file("dotdot.zip", ("../out", "x", 0o100644))
zip_file("absolute.zip", ("/tmp/sa-hostile-out", "x", 0o100644))
zip_file("link.zip", ("l", "/etc", 0o120777), ("l/f", "x", 0o100644))
zip_file("good.zip", ("bin/tool", "#!/bin/sh\n", 0o100755), ("l", "bin/tool", 0o120777))

# Cut off, or none at all.
whole = open(os.path.join(out, "twice.tar"), "rb").read()
open(os.path.join(out, "cut.tar"), "wb").write(whole[:1300])
packed = gzip.compress(b"".join(i.tobuf() + d.ljust(512 * (-(-len(d) // 512)), b"\0") for i, d in
                                [entry("before", b"B"), entry("half", os.urandom(300000))]) + bytes(1024))
open(os.path.join(out, "cut.tar.gz"), "wb").write(packed[:150000])
open(os.path.join(out, "text"), "wb").write(b"this is no archive " * 100)
open(os.path.join(out, "nothing"), "wb").close()
open(os.path.join(out, "zeros"), "wb").write(bytes(10240))
