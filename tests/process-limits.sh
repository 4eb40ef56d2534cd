# shellcheck shell=sh
# What tests/process-limits.t checks where limits can be had: on this machine, and as the first
# process of a virtual one, which has nothing but busybox. A line "ok NAME" or "not ok NAME" each.
say() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2: $(tr '\n' ' ' <"$W/out")"; fi; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$W/out"; }
# begin OPTION... -- COMMAND...: start it; its id in $id.
begin() {
	sa-process start "$@" >"$W/out" 2>&1
	id=$(field id)
}
# ended: wait for its end, then its record.
ended() {
	local i=0
	while sa-process show "$id" --json >"$W/out" 2>&1 && [ "$(field status)" = running ] && [ $i -lt 300 ]; do
		sleep 0.1
		i=$((i + 1))
	done
}
at() { echo "$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | head -1)$(sed -n 's/^0:://p' "/proc/$(field pid)/cgroup")"; }

limits_hold() { # WHERE
	begin --memory 20M -- dd if=/dev/zero of=/dev/null bs=100M count=1
	ended
	[ "$(field signal)" = SIGKILL ]
	say $? "$1: who takes more memory is killed, and that is told"
	begin --memory 400M -- dd if=/dev/zero of=/dev/null bs=100M count=1
	ended
	[ "$(field exitCode)" = 0 ]
	say $? "$1: who takes less is not"
	# shellcheck disable=SC2016
	begin --pids 5 -- sh -c 'sleep 600 & sleep 600 & sleep 600 & (sleep 600 & sleep 600 & sleep 600 & sleep 600); exit 0'
	ended
	sa-process logs "$id" --text 2>&1 | grep -q 'fork'
	say $? "$1: a fork too many fails"
	begin --cpu 20 --pids 50 -- sleep 600
	[ "$(cat "$(at)/cpu.max") $(cat "$(at)/pids.max")" = "20000 100000 50" ]
	say $? "$1: several limits at once"
	sa-process kill "$id" >"$W/out"
	[ "$(field signal)" = SIGKILL ]
	say $? "$1: a limited one can be killed"
}

limits_are_refused() { # WHERE
	for limit in "--memory 20M" "--pids 5" "--cpu 20"; do
		# shellcheck disable=SC2086
		begin $limit -- sleep 600
		grep -q "limit here" "$W/out"
		say $? "$1: $limit is refused"
	done
	[ "$(sa-process list --json | grep -c running)" = 0 ]
	say $? "$1: and nothing is started without it"
}

# Each for itself: some may be had and others not.
limits_are_had_or_refused() { # WHERE
	for limit in "--memory 400M" "--pids 50" "--cpu 50"; do
		# shellcheck disable=SC2086
		begin $limit -- true
		[ -n "$id" ] || grep -q "limit here" "$W/out"
		say $? "$1: $limit can be had, or it is refused"
	done
}

# Only in the virtual machine: the cases that a cgroup of one's own can be in.
limits_in_each_place() {
	C=/sys/fs/cgroup
	limits_hold "the top of the machine"
	mkdir $C/service
	for controller in memory pids cpu; do echo +$controller >$C/cgroup.subtree_control; done
	echo $$ >$C/service/cgroup.procs
	limits_are_refused "a cgroup that is not ours"
	delegate $C/service
	limits_hold "a service with Delegate="
	[ "$(cat $C/service/sa-own/cgroup.procs | wc -l)" -gt 0 ] && [ ! -s $C/service/cgroup.procs ]
	say $? "who was there has made room"
	[ "$(find $C -name 'sa-*' -type d | grep -vc sa-own)" = 0 ]
	say $? "no cgroup is left behind"
}
