# Makes container images without a container engine, as archives in the form of docker save. Sourced
# by build.
# shellcheck shell=bash disable=SC2154

# images is where the images of one archive are put together, and packer the command that packs
# their layers, if any; build sets them.

start_images() {
	rm -rf "$images"
	mkdir -p "$images/configs" "$images/layers"
	: >"$images/list"
}

# layer FUNCTION [ARGUMENT...] makes a layer of what the function puts into a folder, its last
# argument, and prints the layer's file. Beside it is the digest of what is in it. Images share what
# the same call made.
layer() {
	local call=$* file tree
	file=$images/layers/${call// /-}.tar
	if [ ! -e "$file" ]; then
		tree=$(mktemp -d "$images/tree.XXXXXX")
		chmod 755 "$tree"
		install -d -m 1777 "$tree/tmp"
		"$@" "$tree" >&2
		# The same files make the same layer, whenever they are packed.
		tar -C "$tree" --sort=name --mtime=@0 --numeric-owner -cf "$file" .
		sha256sum <"$file" | cut -d ' ' -f 1 >"$file.digest"
		if [ ${#packer[@]} -gt 0 ]; then
			"${packer[@]}" <"$file" >"$file.packed"
			mv "$file.packed" "$file"
		fi
		rm -rf "$tree"
	fi
	echo "$file"
}

# image REFERENCE DESCRIPTION CONFIG LAYER... adds an image. CONFIG is as in the OCI image format, and
# a LAYER one call of layer.
image() {
	local reference=$1 description=$2 config=$3 it file digests=() layers=()
	for it in "${@:4}"; do
		# shellcheck disable=SC2086 # a function and its arguments
		file=$(layer $it)
		digests+=("sha256:$(<"$file.digest")")
		layers+=("layers/${file##*/}")
	done
	file=configs/$(sha256sum <<<"$reference" | cut -d ' ' -f 1).json
	jq -n --arg description "$description" --argjson config "$config" '{
		architecture: "amd64", os: "linux", created: "1970-01-01T00:00:00Z",
		config: ($config + {
			Env: (["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] + ($config.Env // [])),
			Labels: ({"org.opencontainers.image.description": $description} + ($config.Labels // {}))
		}),
		rootfs: {type: "layers", diff_ids: $ARGS.positional}
	}' --args "${digests[@]}" >"$images/$file"
	printf '%s\t%s\t%s\n' "$reference" "$file" "${layers[*]}" >>"$images/list"
}

# pack FILE REFERENCE... writes images to an archive.
pack() {
	local file=$1 files
	shift
	jq -Rn '[inputs / "\t" | select(IN(.[0]; $ARGS.positional[])) |
		{Config: .[1], RepoTags: [.[0]], Layers: (.[2] / " ")}]' --args "$@" <"$images/list" >"$images/manifest.json"
	mapfile -t files < <(jq -r '.[] | .Config, .Layers[]' "$images/manifest.json" | sort -u)
	tar -C "$images" --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$file" manifest.json "${files[@]}"
}

# harvest TREE PATH... copies files and folders out of the borrowed system, with the shared libraries
# that the programs and plug-ins among them load.
harvest() {
	local tree=$1
	shift
	chroot "$trees/borrowed" bash -c '
		find -L "$@" -type f | while read -r file; do
			echo "$file"
			ldd "$file" 2>/dev/null | grep -o "/[^ ]*\.so[^ ]*"
		done | sort -u | tar --absolute-names --dereference --files-from=- -c' - "$@" |
		tar -C "$tree" -x
}

# programs_of PACKAGE... prints the programs of packages in the borrowed system.
programs_of() { chroot "$trees/borrowed" dpkg -L "$@" | grep -E '^(/usr)?/s?bin/[^/]+$'; }
