# The images of the cluster itself: Kubernetes' own parts, the Pod network, storage, metrics. Sourced
# by build.
# shellcheck shell=bash disable=SC2154

system_images() {
	local reference version
	# kubeadm says which names and tags it will ask for.
	"$bin/kubeadm" config images list --kubernetes-version "$kubernetes" >"$out/required"
	while read -r reference; do
		case $reference in
		*/coredns:*) version=$(module Version github.com/coredns/coredns) ;;
		*/etcd:*) version=$(root_module Version go.etcd.io/etcd/server/v3) ;;
		*) version=${reference##*:} ;;
		esac
		case ${reference##*:} in
		"$version" | "${version#v}"-*) program "$reference" ;;
		*)
			echo "kubeadm asks for $reference, go.mod has $version: see README.md on upgrades"
			return 1
			;;
		esac
	done <"$out/required"
	program localhost/podnet:v1
	program "registry.k8s.io/metrics-server/metrics-server:$(module Version sigs.k8s.io/metrics-server)"
	program "docker.io/rancher/local-path-provisioner:$(module Version github.com/rancher/local-path-provisioner)"
}

# program REFERENCE adds the image of one Go program, which is called like it.
program() {
	local name layers=() config
	name=$(basename "${1%%:*}")
	config="{\"Entrypoint\": [\"/usr/local/bin/$name\"]}"
	case $name in
	kube-proxy) layers=(layer_iptables) ;;
	podnet) layers=(layer_nft) ;;
	esac
	case $name in
	kube-* | etcd) config='{}' ;; # kubeadm's Pods name the program as their command
	esac
	image "$1" "$name of ${1##*:}, built from Go modules for tests" "$config" "${layers[@]}" "layer_program $name"
}

layer_program() { install -D -t "$2/usr/local/bin" "$bin/$1"; }

layer_nft() { harvest "$1" /usr/sbin/nft; }

# layer_iptables has the plug-ins of iptables too. They load libraries that iptables itself doesn't,
# without which Services of several endpoints fail.
layer_iptables() {
	harvest "$1" /usr/sbin/{nft,ip{,6}tables{,-save,-restore}} /usr/lib/x86_64-linux-gnu/xtables
}
