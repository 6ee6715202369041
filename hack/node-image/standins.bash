# What stands in for the images that the lessons use, under the same names. Sourced by build.
# shellcheck shell=bash disable=SC2154

# standins names each image: its reference, what it really is, its configuration (of the OCI image
# format), and its layers, each a function below.
standins() {
	local web='{"Cmd": ["nginx", "-g", "daemon off;"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"}'
	local answer='{"Entrypoint": ["/http-echo"], "Env": ["ECHO_TEXT=hello-world"], "ExposedPorts": {"5678/tcp": {}}, "User": "65532"}'
	local nginx busybox openssl3
	nginx="nginx $(packaged nginx-light) of Debian 12"
	busybox="busybox $(unpacked trixie busybox-static) of Debian 13"
	openssl3="OpenSSL $(packaged libssl3) of Debian 12"

	standin nginx:1.28 "$nginx" "$web" layer_debian layer_nginx
	standin nginx:1.29 "$nginx" "$web" layer_debian layer_nginx
	standin busybox:1.36 "$busybox" '{"Cmd": ["sh"]}' layer_busybox
	standin alpine:3.16 "$busybox, OpenSSL $(unpacked bullseye libssl1.1) of Debian 11" \
		'{"Cmd": ["/bin/sh"]}' layer_alpine layer_openssl1
	standin alpine:3.18 "$busybox, $openssl3" '{"Cmd": ["/bin/sh"]}' layer_alpine layer_openssl3
	standin alpine:3.20 "$busybox, $openssl3" '{"Cmd": ["/bin/sh"]}' layer_alpine layer_openssl3
	standin hashicorp/http-echo:1.0 "http-echo $(module Version github.com/hashicorp/http-echo) from its Go module" \
		"$answer" layer_http_echo
}

# standin REFERENCE WHAT CONFIG LAYER... adds one.
standin() {
	local full=$1
	[[ $1 == */* ]] || full=library/$1
	image "docker.io/$full" "stand-in for $1: $2" "${@:3}"
}

# What the layers borrow from, beside the packages of a node: of the same release of Debian, and of
# others where that one won't do.
standin_packages=(nginx-light)
foreign_packages=(
	trixie:busybox-static # that of Debian 12 crashes on wget -T
	bullseye:libssl1.1
)

# A layer's function fills the folder that it is given.

# layer_debian has the programs that an image based on Debian has, and neither ps nor wget.
layer_debian() {
	harvest "$1" /bin/sh /bin/bash /usr/bin/curl /usr/bin/{awk,which} \
		$(programs_of coreutils hostname debianutils sed grep findutils tar gzip)
	accounts "$1" /bin/bash
}

layer_nginx() {
	harvest "$1" /usr/sbin/nginx /etc/nginx/mime.types /usr/share/nginx/html
	mkdir -p "$1"/{run,etc/nginx/conf.d,var/lib/nginx,var/log/nginx}
	cp "$here/nginx/nginx.conf" "$1/etc/nginx/"
	cp "$here/nginx/default.conf" "$1/etc/nginx/conf.d/"
	cp "$here/nginx/50x.html" "$1/usr/share/nginx/html/"
	ln -s /dev/stdout "$1/var/log/nginx/access.log"
	ln -s /dev/stderr "$1/var/log/nginx/error.log"
}

# layer_busybox has all commands in one folder, as busybox's own image.
layer_busybox() {
	local name
	busybox "$1" --list | while read -r name; do
		[ "$name" = busybox ] || ln -s busybox "$1/bin/$name"
	done
	mkdir -p "$1/usr/bin"
	ln -s ../../bin/env "$1/usr/bin/env"
}

# layer_alpine has them where Alpine Linux has them.
layer_alpine() {
	local name
	busybox "$1" --list-full | while read -r name; do
		[ ! -e "$1/$name" ] || continue
		mkdir -p "$1/${name%/*}"
		ln -s /bin/busybox "$1/$name"
	done
}

# busybox FOLDER FLAG puts busybox there, and prints the names of its commands.
busybox() {
	install -D "$trees/trixie/busybox-static/usr/bin/busybox" "$1/bin/busybox"
	mkdir -p "$1/lib"
	accounts "$1" /bin/sh
	chroot "$1" /bin/busybox "$2"
}

layer_openssl1() {
	install -D -t "$1/lib" "$trees"/bullseye/libssl1.1/usr/lib/x86_64-linux-gnu/lib{ssl,crypto}.so.1.1
}

layer_openssl3() {
	install -D -t "$1/lib" "$trees"/borrowed/usr/lib/x86_64-linux-gnu/lib{ssl,crypto}.so.3
}

layer_http_echo() { install -D -t "$1" "$bin/http-echo"; }

# accounts FOLDER SHELL adds the users that Debian knows, root with that shell.
accounts() {
	mkdir -p "$1/etc" "$1/root"
	sed "s|^\(root:.*:\).*|\1$2|" "$trees/borrowed/etc/passwd" >"$1/etc/passwd"
	cp "$trees/borrowed/etc/group" "$1/etc/"
}
