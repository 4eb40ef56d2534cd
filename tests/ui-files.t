#!/usr/bin/env bash
# The inspector's files: what sa-serve serves below /ui/, and that nothing else is.
. "$(dirname "$0")/tap.sh"
. "$TOP/tests/serve-lib.sh"
need curl jq

mkdir -p ui/part
printf '<html>page</html>' >ui/index.html
printf 'export {}\n' >ui/part/a.js
printf 'p{}' >ui/b.css
: >ui/empty.js
printf 'secret' >outside.js
ln -s ../outside.js ui/link.js
mkfifo ui/pipe.js
truncate -s 2097153 ui/big.js
truncate -s 2097152 ui/fits.js
printf 't0ken\n' >token
serve --ui ui --token-file token

for path in /ui /ui/ /ui/some/place /ui/part '/ui/?a=b' /ui/a.b/place; do
	GET "$path"
	is "$code $(body) $(header content-type)" "200 <html>page</html> text/html; charset=utf-8" "$path is the page, without a token"
done
policy=$(header content-security-policy)
like "$policy" "default-src 'none'" "a policy admits nothing by itself"
unlike "$policy" 'unsafe' "... and nothing inline"
like "$policy" "require-trusted-types-for 'script'" "... and no text as HTML"
is "$(header x-content-type-options)" nosniff "types are meant"
GET /ui/part/a.js
is "$code $(body) $(header content-type)" "200 export {} text/javascript; charset=utf-8" "a file of a folder"
GET /ui/part%2fa.js
is "$code" 200 "an escape is a character"
GET /ui/b.css
is "$code $(header content-type)" "200 text/css; charset=utf-8" "a style"
etag=$(header etag)
GET /ui/b.css -H "if-none-match: $etag"
is "$code $(header etag) $(curl -s -o /dev/null -w "%{size_download}" -H "if-none-match: $etag" "$base/ui/b.css")" "304 $etag 0" "what the browser has is not sent again"
printf 'q{}' >ui/b.new && mv ui/b.new ui/b.css
GET /ui/b.css -H "if-none-match: $etag"
is "$code $(body)" "200 q{}" "a changed file is"
GET /ui/empty.js
is "$code $(header content-length)" "200 0" "an empty file is a file"
is "$(curl -sI "$base/ui/b.css" | tr -d '\r' | sed -n 's/^content-length: //p')" 3 "HEAD tells the length"
GET /ui/fits.js
is "$code $(wc -c <body)" "200 2097152" "as large as a file may be"
mv ui before && mkdir -p ui/part && cp before/index.html ui/ && cp before/fits.js before/part/a.js ui/ && cp before/part/a.js ui/part/
rm -r before
GET /ui/part/a.js
is "$code $(body)" "200 export {}" "a folder that was made anew is found again"
ln -s ../outside.js ui/link.js
mkfifo ui/pipe.js
truncate -s 2097153 ui/big.js
for path in /ui/none.js /ui/big.js /ui/pipe.js /ui/link.js /ui/../outside.js /ui/%2e%2e/outside.js /ui/..%2foutside.js /ui/%2foutside.js \
	"/ui/%2f$T/outside.js" /ui/x%00.js /ui/%zz.js; do
	GET "$path" --path-as-is
	is "$code" 404 "$path is nothing"
done
POST /ui/ -d x
is "$code $(header allow)" "405 GET, HEAD, OPTIONS" "there is nothing to change"
GET /v1/sessions
is "$code" 401 "everything else wants the token"

not_ok "a folder that is not there is an error" sa-serve --port 0 --ui nowhere
serve
GET /ui/
is "$code" 200 "the source tree has the files of a program in it"
cp "$BIN_DIR/sa-serve" .
PATH=$T:$PATH serve
GET /ui/
is "$code $(field .detail)" "404 the inspector has no such file" "without a folder there is no inspector"
done_testing
