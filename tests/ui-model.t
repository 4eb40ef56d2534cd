#!/usr/bin/env bash
# The inspector's pure parts, without a browser (tests/ui/model.test.mjs).
. "$(dirname "$0")/tap.sh"
need node

mkdir ui
cp "$TOP"/cmd/sa-serve/ui/*.js ui/
echo '{"type":"module"}' >ui/package.json
ok "each file is a module that parses" bash -c 'for file in ui/*.js; do node --check "$file" || exit 1; done'
UI=$T/ui node --test --test-reporter=tap "$TOP/tests/ui/model.test.mjs" >model.out 2>&1 || true
is "$(grep -c '^ok ' model.out)" 19 "its tests pass"
is "$(grep '^not ok ' model.out)" "" "... and none fails"
not_ok "nothing makes markup out of text" grep -nE 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function' ui/*.js
not_ok "nothing is asked of another host" grep -nE "(src|href|url)[=(][\"']?https?://" ui/*.js "$TOP"/cmd/sa-serve/ui/*.css "$TOP"/cmd/sa-serve/ui/*.html
total=$(for file in "$TOP"/cmd/sa-serve/ui/*.*; do gzip -9 <"$file"; done | wc -c)
tap_diag "$total bytes, each file compressed by itself"
is "$((total < 300 * 1024))" 1 "it is small: below 300 KiB compressed, without the terminal's library"
is "$(wc -l "$TOP"/cmd/sa-serve/ui/*.{js,css} | awk '$2 != "total" && $1 > 400')" "" "no file is above 400 lines"
done_testing
