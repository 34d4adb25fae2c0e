#!/bin/sh
# A throw-away machine with Debian's kernel that sees this one's files, whose own kernel may have no kTLS.
# SPDX-License-Identifier: BSD-2-Clause
#
#   tests/ktls/machine.sh DIR unpack             fetches the kernel into DIR and packs what it starts with
#   tests/ktls/machine.sh DIR run COMMAND...     boots it, runs COMMAND there as root, and ends as COMMAND ended
#
# The machine is emulated, processor included, so it needs no rights but is some ten times slower. It sees every file
# below /, and what it writes is its own and gone with it. It has the loopback interface and no other. Needs of
# .ci/install ktls: qemu-system-x86, busybox-static, cpio. A quarter of an hour is the most that it runs.
set -eu
dir=$1 mode=$2
shift 2

# What is loaded before the command runs, in that order; what else the kernel asks for it finds by itself.
modules='virtio_pci 9pnet_virtio 9p overlay tls gcm aesni_intel'

# Kernel, its modules that may be asked for, and the first program.
unpack() {
    cd "$dir"
    kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    apt-get download -qq "$kernel"
    dpkg-deb -x "$kernel"_*.deb kernel
    rm "$kernel"_*.deb
    version=$(cd kernel/lib/modules && echo *)
    mkdir -p first/bin first/old first/own first/new "first/lib/modules/$version/kernel"
    for part in arch/x86/crypto crypto drivers/virtio fs/9p fs/fscache fs/netfs fs/overlayfs lib net; do
        mkdir -p "first/lib/modules/$version/kernel/$part"
        cp -R "kernel/lib/modules/$version/kernel/$part/." "first/lib/modules/$version/kernel/$part"
    done
    cp kernel/lib/modules/"$version"/modules.builtin* kernel/lib/modules/"$version"/modules.order "first/lib/modules/$version"
    cp "$(command -v busybox)" first/bin
    busybox depmod -b first "$version"
    cp kernel/boot/vmlinuz-* vmlinuz
    start >first/init
    chmod +x first/init
    (cd first && find . | cpio -o -H newc --quiet | gzip -1) >first.gz
    rm -r kernel first
}

# The first program: the files of the machine around, under a layer that takes what is written.
start() {
    cat <<END
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sbin
/bin/busybox --install -s /bin
ln -s /bin/busybox /sbin/modprobe
mount -t proc proc /proc
echo 1 >/proc/sys/kernel/printk
for module in $modules; do modprobe \$module; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro files /old
mount -t tmpfs own /own
mkdir /own/upper /own/work
mount -t overlay -o lowerdir=/old,upperdir=/own/upper,workdir=/own/work files /new
mkdir -p /new/lib/modules /new/sbin
cp -R /lib/modules /new/lib
cp /bin/busybox /new/sbin/modprobe
mount -t proc proc /new/proc
mount -t sysfs sys /new/sys
mount -t devtmpfs dev /new/dev
mkdir -p /new/dev/shm /new/dev/pts
mount -t tmpfs own /new/dev/shm
mount -t tmpfs own /new/run
ifconfig lo 127.0.0.1
cp /command /new/run/command
exec switch_root /new /bin/sh /run/command
END
}

# The command, and how it ended, on a line of its own.
pack_command() {
    file=$1
    shift
    {
        printf 'echo machine: begins\ncd %s\nexport PATH=%s HOME=/root\n' "'$(pwd)'" "'$PATH'"
        for word; do
            printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
        done
        printf '\necho "machine: ended with $?."\necho o >/proc/sysrq-trigger\nsleep 60\n'
    } >"$file"
    (cd "${file%/*}" && echo command | cpio -o -H newc --quiet | gzip -1)
}

run() {
    own=$(mktemp -d)
    trap 'rm -r "$own"' EXIT
    { cat "$dir/first.gz"; pack_command "$own/command" "$@"; } >"$own/files"
    timeout -k 5 900 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nodefaults -nographic -no-reboot \
        -kernel "$dir/vmlinuz" -initrd "$own/files" -append 'console=ttyS0 quiet panic=-1 mitigations=off' \
        -fsdev local,id=files,path=/,security_model=none,readonly=on,multidevs=remap \
        -device virtio-9p-pci,fsdev=files,mount_tag=files -serial stdio </dev/null | sed -u 's/\r$//' |
        tee "$own/told" | sed -u '1,/machine: begins/d; /^machine: ended with/,$d'
    status=$(sed -n 's/^machine: ended with \([0-9]*\)\..*/\1/p' "$own/told")
    return "${status:-1}"
}

case $mode in
unpack) unpack ;;
run) run "$@" ;;
*)
    echo "usage: $0 DIR unpack|run [COMMAND...]" >&2
    exit 2
    ;;
esac
