#!/usr/bin/env bash
# make dist and install.sh: the same bytes twice; what was tampered with is refused, with nothing installed.
# These are the commands of README.md.
. "$(dirname "$0")/tap.sh"
need python3 curl openssl tar gzip make jq
PATH=$PATH:/usr/sbin:/sbin
[ -n "$(ldconfig -p 2>/dev/null)" ] || skip_all "ldconfig tells nothing"

dist() { env -C "$TOP" -u B -u BIN -u SAN -u MAKEFLAGS -u MAKELEVEL "$@"; }
ok "a release is made, and a key with it" dist BASE_URL=http://releases.invalid scripts/dist/make "$T/one" "$T/key"
is "$(stat -c %a "$T/key")" 600 "... which is for its owner only"
ok "once more, at another time of another place and person" \
	dist BASE_URL=http://releases.invalid sh -c 'umask 077; cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$0"/scripts/dist/make "$1" "$2"' "$TOP" "$T/two" "$T/key"
for file in one/*; do ok "the same bytes: ${file#one/}" cmp "$file" "two/${file#one/}"; done
tarball=$(basename one/*.tar.gz)
tar tzvf "one/$tarball" >list
ok "all below one folder" sh -c "! awk '{ print \$6 }' list | grep -v '^${tarball%.tar.gz}/'"
unlike "$(grep -v '^[dl]' list | cut -c9-10)" w "nothing is writable by others"
tar xzf "one/$tarball"
tree=${tarball%.tar.gz}
unlike "$(grep -rl "$TOP" "$tree/bin" "$tree/lib" || true)" . "no path of the machine that made it is inside"
outside=$(for f in "$tree"/bin/*; do ldd "$f" 2>/dev/null | awk '$2 == "=>" { print $3 }'; done | sort -u |
	grep -v "^$T/$tree/" | sed 's,.*/,,' | grep -vE '^(libc|libm|libdl|libpthread|librt|libresolv)\.so' || true)
is "$outside" "" "of the machine's libraries it needs the C library alone"

# --- from a file
sums() { (cd "$1" && find . ! -type d | sort | xargs sha256sum); }
mkdir -p pre/bin
echo mine >pre/bin/mine
sums pre >before
ok "install.sh installs from a file" sh one/install.sh --file "one/$tarball" --prefix "$T/pre"
like "$(cat err)" "installed 0.* below $T/pre .*signature checked" "... and says what it did"
like "$(cat err)" "export PATH=\"$T/pre/bin" "... and that PATH lacks it"
is "$(env -i HOME="$HOME" PATH=/usr/bin:/bin "$T/pre/bin/sa-session" run --agent mock "say relocated")" relocated "it runs from there"
is "$("$T/pre/bin/sa-session" new --agent mock --id kept | jq -r .id)" kept "a session is there"
for file in pre/lib/systemd/user/*.service; do ok "${file##*/} starts what was installed" grep -q "^ExecStart=$T/pre/bin/" "$file"; done
is "$(ls -A pre | sort | paste -sd' ')" "bin lib share" "nothing temporary is left"
ok "once more, over a running session" sh one/install.sh --file "one/$tarball" --prefix "$T/pre"
is "$("$T/pre/bin/sa-session" prompt kept --text "say on")" on "... which goes on"
sa-session close kept >/dev/null
sums pre >installed

# --- what is not right is refused, and what was there stays as it was
refused() { # NAME REGEX [OPTION ...]: from the folder bad/
	status 1 "$1" sh bad/install.sh --file "bad/$tarball" --prefix "$T/pre" "${@:3}"
	like "$(cat err)" "$2" "... and it says so"
	sums pre >after
	ok "... and nothing has changed" diff installed after
}
bad() { rm -rf bad && cp -r one bad; }
bad; printf x | dd of="bad/$tarball" bs=1 seek=5000 conv=notrunc status=none
refused "a tampered tarball" "SHA-256 .* is WRONG"
bad; head -c 100000 "one/$tarball" >"bad/$tarball"
refused "a truncated tarball" "SHA-256 .* is WRONG"
(cd bad && sha256sum "$tarball" VERSION >SHA256SUMS)
refused "a list that was made to fit" "signature is WRONG"
refused "... and without the signature it cannot be unpacked" "cannot be unpacked" --no-signature
bad; "${CC:-cc}" -o sign "$TOP/scripts/dist/sign.c" -lsodium
./sign new other.key other.pub
./sign make other.key one/SHA256SUMS bad/SHA256SUMS.sig
ok "the tool that signs checks, too" ./sign check other.pub one/SHA256SUMS bad/SHA256SUMS.sig
status 1 "... and says no" ./sign check key.pub one/SHA256SUMS bad/SHA256SUMS.sig
status 1 "... and writes over no secret key" ./sign new other.key other.pub
refused "a signature by somebody else" "signature is WRONG"
bad; echo '!' >bad/SHA256SUMS.sig
refused "a damaged signature" "damaged|WRONG"
bad; rm bad/SHA256SUMS.sig
refused "no signature" "no signature"
bad; grep -v tar.gz one/SHA256SUMS >bad/SHA256SUMS
refused "a list without it" "does not name" --no-signature
bad; : >bad/empty; cp "$TOP/scripts/install.sh" bad/
refused "a script without a key" "no key in it"
ok "... takes it as an option" sh bad/install.sh --file "bad/$tarball" --prefix "$T/pre" --key "$(cat "$T/key.pub")"
refused "a key that is none" "no ed25519 key" --key AAAA

if unshare -rm true 2>/dev/null; then
	mkdir small
	status 1 "no space" unshare -rm sh -c "mount -t tmpfs -o size=12m tmpfs small && { sh one/install.sh --file one/$tarball --prefix $T/small/p; rc=\$?; ls -A small/p; exit \$rc; }"
	is "$(cat out)" "" "... leaves nothing behind"
	like "$(cat err)" "no room|cannot be unpacked|[Nn]o space" "... and says so"
else
	skip "no space" "no user namespaces"
fi
mkdir closed
chmod 500 closed
if [ "$(id -u)" -ne 0 ]; then
	status 1 "a folder that cannot be written to" sh one/install.sh --file "one/$tarball" --prefix "$T/closed/x"
fi

# --- from the web
start sh -c 'exec python3 -c "$0" 2>web.log' "import functools, http.server
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory='$T/one')
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
open('$T/port.new', 'w').write(str(server.server_port))
import os; os.rename('$T/port.new', '$T/port')
server.serve_forever()"
wait_until 10 test -s port || exit 1
url=http://127.0.0.1:$(cat port)
web() { curl -fsSL "$url/install.sh" | sh -s -- "$@"; }
curl -fsSL "$url/install.sh" >got.sh
ok "what the web gives is the script" cmp got.sh one/install.sh
# As root it goes to /usr/local, here one of our own.
if [ "$(id -u)" -ne 0 ]; then
	ok "curl | sh, without root" web --from "$url"
	ok "... goes below the home" test -x "$HOME/.local/bin/sa-session"
	ok "... and is taken away again" web --uninstall
	# Sessions that other steps have left are no part of an installation.
	is "$(find "$HOME/.local" -path "$HOME/.local/state" -prune -o -type f -print)" "" "... whole"
elif unshare -m true 2>/dev/null; then
	ok "curl | sh, as root" unshare -m --propagation private sh -ec "mount -t tmpfs tmpfs /usr/local; mkdir /usr/local/share
		curl -fsSL $url/install.sh | PATH=/usr/bin:/bin sh -s -- --from $url; /usr/local/bin/sa-session --version
		curl -fsSL $url/install.sh | PATH=/usr/bin:/bin sh -s -- --uninstall; find /usr/local"
	is "$(sed 1d out)" $'/usr/local\n/usr/local/share' "... goes to /usr/local, and is taken away whole"
else
	skip "curl | sh, as root" "no mount namespaces"
fi
ok "SANDBOX_AGENT_RELEASES names the place, too" env SANDBOX_AGENT_RELEASES="$url" sh one/install.sh --prefix "$T/web"
is "$(web/bin/sa-session run --agent mock "say web")" web "... and it runs"
status 1 "a version that there is not" sh one/install.sh --from "$url" --version 9.9.9 --prefix "$T/web"
like "$(cat err)" "no release 9.9.9" "... is named"
status 1 "no server" sh one/install.sh --from "$url/nowhere" --prefix "$T/web"
like "$(cat err)" "cannot be had" "... is told"
ok "half a script does nothing" sh -c "head -c 5000 one/install.sh | sh -s -- --prefix $T/half 2>/dev/null; test ! -e $T/half"

# --- and away
echo extra >pre/share/sandbox-agent/mine
ok "uninstall" sh one/install.sh --uninstall --prefix "$T/pre"
like "$(cat err)" "removed [0-9]+ files" "... says what it did"
is "$(cd pre && find . -type f | sort | paste -sd' ')" "./bin/mine ./share/sandbox-agent/mine" "what was not installed stays"
is "$(find pre -type d | sort | paste -sd' ')" "pre pre/bin pre/share pre/share/sandbox-agent" "... and no empty folder"
status 1 "once more there is nothing" sh one/install.sh --uninstall --prefix "$T/pre"
status 2 "a word that it does not know is a usage error" sh one/install.sh --nonsense
status 2 "neither is no place" sh "$TOP/scripts/install.sh" --prefix "$T/x"
done_testing
