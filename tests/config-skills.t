#!/usr/bin/env bash
# sa-config skills sync: fetched, checked, laid out where agents look, and gone again.
. "$(dirname "$0")/tap.sh"
need jq git

skill() { # FOLDER NAME TEXT
	mkdir -p "$1" && printf -- '---\nname: %s\ndescription: does %s\n---\n%s\n' "$2" "$2" "$3" >"$1/SKILL.md"
}
use() { sa-config skills set --directory work --name "$1" <<<"{\"sources\":$2}"; }
sync() { sa-config skills sync --json --directory work "$@"; }
laid() { (cd work && find .claude/skills .agents/skills -mindepth 1 -maxdepth 1 2>/dev/null | sort | tr '\n' ' '); }
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
mkdir work

# --- local --------------------------------------------------------------------------
skill kit/one one first && mkdir kit/one/scripts && printf '#!/bin/sh\necho ran\n' >kit/one/scripts/run && chmod 755 kit/one/scripts/run
ln -s /etc/passwd kit/one/leak && mkfifo kit/one/pipe
skill kit/skills/never never "not looked at: the folder itself has skills"
skill kit/two two second
use kit "[{\"type\":\"local\",\"source\":\"$T/kit\"}]"
is "$(sync | jq -r .name | tr '\n' ' ')" "one two " "the skills of a folder are laid out"
is "$(laid)" ".agents/skills/one .agents/skills/two .claude/skills/one .claude/skills/two " "in both places where agents look"
is "$(work/.claude/skills/one/scripts/run)" ran "with their scripts"
is "$(ls -A work/.claude/skills/one | tr '\n' ' ')" ".sandbox-agent-skill.json SKILL.md scripts " "without links and pipes, with a mark"
skill kit/one one changed && rm -r kit/two
sync >/dev/null
is "$(laid) $(tail -n 1 work/.agents/skills/one/SKILL.md)" ".agents/skills/one .claude/skills/one  changed" "changes arrive, what is gone goes"
use kit '[{"type":"local","source":"../kit","skills":["one"]}]'
ok "a relative source starts at the folder" sync
use kit '[{"type":"local","source":"../kit","skills":["one","absent"]}]'
status 3 "a skill that is wanted and not there is told" sync
like "$(cat err)" '"absent' "by name"
is "$(laid)" ".agents/skills/one .claude/skills/one " "and what was there stays"
use kit '[]'
sync >/dev/null
is "$(laid)" "" "no sources, no skills"
use kit '[{"type":"local","source":"../kit/one"}]'
sync --agent claude >/dev/null
is "$(laid)" ".claude/skills/one " "for Claude Code alone"
sync --agent codex >/dev/null
is "$(laid)" ".agents/skills/one .claude/skills/one " "for Codex"
skill work/.claude/skills/mine mine "the user's own"
skill other mine theirs
use more '[{"type":"local","source":"../other"}]'
status 4 "a skill of the user's own is not replaced" sync
is "$(tail -n 1 work/.claude/skills/mine/SKILL.md)" "the user's own" "and stays"
use more '[{"type":"local","source":"../kit"}]'
status 4 "nor does one name come from two places" sync
sa-config skills rm --directory work --name more
mkdir -p work/.claude/skills/.sa-tmp-left
sync >/dev/null
not_ok "what a killed run left goes" test -e work/.claude/skills/.sa-tmp-left

# --- what is refused ------------------------------------------------------------------
bad() { # KIND-OF-EXIT NAME: what is in bad/ is refused
	use bad '[{"type":"local","source":"../bad"}]'
	status "$1" "$2" sync
	sa-config skills rm --directory work --name bad
	rm -rf bad
}
mkdir -p bad/x && bad 3 "a folder without skills"
mkdir -p bad/x && echo hello >bad/x/SKILL.md && bad 2 "a SKILL.md without a head"
mkdir -p bad/x && printf -- '---\nname: x\n---\n' >bad/x/SKILL.md && bad 2 "one without a description"
mkdir -p bad/x && printf -- '---\nname: x\ndescription: y\n' >bad/x/SKILL.md && bad 2 "one whose head does not end"
skill bad/x '../evil' x && bad 2 "a name that climbs"
skill bad/x 'Upper' x && bad 2 "a name in capitals"
skill bad/x "$(printf 'n%.0s' {1..65})" x && bad 2 "a name that is too long"
skill bad/x x "$(head -c 300000 /dev/zero | tr '\0' x)" && bad 1 "a SKILL.md that is too long"
mkdir -p bad/x && ln -s ../../kit/one/SKILL.md bad/x/SKILL.md && bad 3 "a SKILL.md that is a link"
skill bad/x x x && (cd bad/x && seq 2001 | xargs touch) && bad 1 "too many files"
skill bad/x x x && truncate -s 70M bad/x/big && bad 1 "too many bytes"
mkdir bad && for i in {1..257}; do skill bad/n$i n$i x; done && bad 1 "too many skills"
is "$(laid)" ".agents/skills/one .claude/skills/mine .claude/skills/one " "and nothing of them is there"
for source in '{"type":"carrier","source":"x"}' '{"type":"github","source":"a"}' '{"type":"github","source":"../a/b"}' \
	'{"type":"github","source":"-a/b"}' '{"type":"git","source":"ext::sh -c id"}' '{"type":"git","source":"--upload-pack=x"}' \
	'{"type":"git","source":"/etc"}' '{"type":"git","source":"https://-x"}' '{"type":"git","source":"file:///x","ref":"--all"}' \
	'{"type":"git","source":"file:///x","ref":"a..b"}'; do
	use bad "[$source]"
	status 2 "refused: $source" sync
done
use bad '[{"type":"local","source":"../kit","subpath":"../.."}]'
status 2 "a subpath that climbs" sync
sa-config skills rm --directory work --name bad
mkdir trap elsewhere && ln -s ../elsewhere trap/.claude && sa-config skills set --directory trap --name x <<<'{"sources":[{"type":"local","source":"../kit"}]}'
status 5 "a project's link leads nothing elsewhere" sa-config skills sync --directory trap
is "$(ls -A elsewhere)" "" "and nothing is there"

# --- repositories ------------------------------------------------------------------------
mkdir -p hub/owner && git init -q -b main hub/owner/repo.git && cd hub/owner/repo.git
skill skills/alpha alpha v1 && skill deep/er/beta beta v1
mkdir -p .git/hooks && printf '#!/bin/sh\ntouch %s/hooked\n' "$T" >.git/hooks/post-checkout && chmod 755 .git/hooks/post-checkout
git add -A && git commit -qm one && git tag v1
skill skills/alpha alpha v2 && git commit -qam two
old=$(git rev-parse HEAD~1)
cd "$T"
export SANDBOX_AGENT_GITHUB_URL=file://$T/hub
use kit '[{"type":"github","source":"owner/repo"}]'
is "$(sync | jq -r '"\(.name) \(.source)"') $(tail -n 1 work/.agents/skills/alpha/SKILL.md)" "alpha owner/repo v2" "a repository on GitHub"
is "$(laid)" ".agents/skills/alpha .claude/skills/alpha .claude/skills/mine " "takes the place of what was configured before"
not_ok "no hook has run" test -e hooked
is "$(find work -name .git)" "" "nothing of git is laid out"
use kit '[{"type":"github","source":"owner/repo","ref":"v1","subpath":"skills"},{"type":"git","source":"file://'"$T"'/hub/owner/repo.git","ref":"main","subpath":"deep/er"}]'
sync >/dev/null
is "$(laid) $(tail -n 1 work/.claude/skills/alpha/SKILL.md)" ".agents/skills/alpha .agents/skills/beta .claude/skills/alpha .claude/skills/beta .claude/skills/mine  v1" \
	"refs and subpaths"
git -C hub/owner/repo.git config uploadpack.allowAnySHA1InWant true
use kit '[{"type":"github","source":"owner/repo","ref":"'"$old"'"}]'
sync >/dev/null
is "$(tail -n 1 work/.claude/skills/alpha/SKILL.md)" v1 "a commit"
use kit '[{"type":"github","source":"owner/repo"}]'
sync >/dev/null
(cd hub/owner/repo.git && skill skills/alpha alpha v3 && git commit -qam three)
sync >/dev/null
is "$(tail -n 1 work/.claude/skills/alpha/SKILL.md)" v2 "what is in the cache is used again"
sync --refresh >/dev/null
is "$(tail -n 1 work/.claude/skills/alpha/SKILL.md)" v3 "until a refresh is asked for"
mv hub hub-gone
ok "without the network the cache does" sync
status 8 "a refresh does not" sync --refresh
is "$(tail -n 1 work/.claude/skills/alpha/SKILL.md)" v3 "and takes nothing away"
is "$(find "$XDG_CACHE_HOME/sandbox-agent/skills" -name '.sa-tmp-*')" "" "nor leaves anything half fetched"
use more '[{"type":"github","source":"owner/unknown"}]'
status 8 "what cannot be fetched is told" sync
like "$(cat err)" "skills 'more': .*owner/unknown" "by name"
ok "--cached leaves it out" sync --cached
like "$(cat err)" 'left out: .*is not fetched yet' "and says so"
mv "$XDG_CACHE_HOME/sandbox-agent/skills" cache-gone
ok "--cached without a cache" sync --cached
is "$(laid)" ".agents/skills/alpha .claude/skills/alpha .claude/skills/mine " "leaves what was laid out of it before"
rm -rf "$XDG_CACHE_HOME/sandbox-agent/skills"
mv cache-gone "$XDG_CACHE_HOME/sandbox-agent/skills"

# --- sessions and the filter ----------------------------------------------------------------
status 8 "a session in that folder says so too" sa-session new --agent mock --cwd work
sa-config skills rm --directory work --name more
rm -r work/.agents work/.claude/skills/alpha
ok "a session lays out what its agent reads" sa-session new --agent mock --cwd work
is "$(laid)" ".agents/skills/alpha .claude/skills/mine " "before it is started"
is "$(sa-config filter <<<"{\"op\":\"skills.sync\",\"params\":{\"directory\":\"$T/work\",\"agent\":\"claude\"}}" | jq -c '.result.skills | map(.name)')" \
	'["alpha"]' "the filter does it too"
done_testing
