#!/usr/bin/env bash
# sa-process start --memory, --cpu, --pids: kept by the kernel where cgroup v2 is ours to write, refused
# elsewhere. SA_TEST_KERNEL=VMLINUZ shows each case in a virtual machine (qemu-system-x86_64, busybox, cpio).
. "$(dirname "$0")/tap.sh"
export W=$T
# shellcheck disable=SC1091
. "$TOP/tests/process-limits.sh"

verdicts() { # of lines "ok NAME"
	local verdict name
	while read -r verdict name; do is "$verdict $name" "ok $name" "$name"; done
}

if sa-process start --memory 400M --pids 50 --cpu 100 -- true >"$T/out" 2>"$T/err"; then
	(set +e; limits_hold "this machine") >here
	verdicts <here
else
	skip "limits hold on this machine" "$(cat "$T/err")"
	(set +e; limits_are_had_or_refused "this machine") >here
	verdicts <here
fi

[ -n "${SA_TEST_KERNEL:-}" ] || { skip "limits hold in a virtual machine" "SA_TEST_KERNEL names no kernel"; done_testing; exit; }
need qemu-system-x86_64 busybox cpio
mkdir -p root/{bin,proc,sys,dev,tmp,etc,home,sa}
cp "$(command -v busybox)" root/bin/busybox
cp "$BIN_DIR"/sa-{process,keep} root/sa
cp "$TOP/tests/process-limits.sh" root/sa
"${CC:-cc}" -static -x c -o root/sa/delegate - <<'END'
#include <sys/xattr.h>
int main(int argc, char **argv) { return argc < 2 || setxattr(argv[1], "user.delegate", "1", 1, 0); }
END
ldd root/sa/sa-process root/sa/sa-keep | grep -o '/[^ ]*' | sort -u | while read -r library; do
	[ ! -f "$library" ] || [[ $library == *: ]] || { mkdir -p "root${library%/*}" && cp -L "$library" "root$library"; }
done
echo root:x:0:0::/home:/bin/sh >root/etc/passwd
cat >root/init <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp; mount -t cgroup2 none /sys/fs/cgroup
export HOME=/home PATH=/sa:/bin W=/tmp
. /sa/process-limits.sh
echo begin; limits_in_each_place; echo end
poweroff -f
END
chmod +x root/init
(cd root && find . | cpio -o -H newc 2>/dev/null | gzip -1) >initrd
start sh -c 'exec qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nic none -nographic -no-reboot \
	-kernel "$1" -initrd initrd -append "console=ttyS0 panic=1 quiet" >screen 2>&1 </dev/null' sh "$SA_TEST_KERNEL"
ok "a virtual machine comes to its end" wait_until 180 grep -q '^end' screen
tr -d '\r' <screen | grep -E '^(not )?ok ' | sed 's/^not ok/not-ok/' >there
is "$(grep -c . there)" 16 "with all it had to say"
verdicts <there
done_testing
