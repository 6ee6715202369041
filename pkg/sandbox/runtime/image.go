package runtime

import (
	"context"
	"sort"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// PullImage implements ImageManagerService. Every image comes with the binary or was built for the
// cluster; another is not found, and the error says what there is.
func (r *Runtime) PullImage(_ context.Context, s *runtimeapi.ImageSpec, _ *runtimeapi.AuthConfig, _ *runtimeapi.PodSandboxConfig) (string, error) {
	image, err := r.o.Images.Lookup(s.GetImage())
	if err != nil {
		return "", status.Errorf(codes.NotFound, "failed to pull and unpack image %q: %v", program.Reference(s.GetImage()), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	uid, name := imageUser(image)
	r.images[s.GetImage()] = &runtimeapi.Image{
		Uid: uid, Username: name,
		Id: image.Digest, RepoTags: []string{s.GetImage()}, RepoDigests: []string{pinned(image)},
		Size: uint64(image.Size), Spec: s,
	}
	return image.Digest, nil
}

// ListImages implements ImageManagerService: those that were pulled to this node.
func (r *Runtime) ListImages(_ context.Context, f *runtimeapi.ImageFilter) ([]*runtimeapi.Image, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*runtimeapi.Image
	for ref, i := range r.images {
		if want := f.GetImage().GetImage(); want == "" || want == ref || want == i.Id {
			out = append(out, i)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].RepoTags[0] < out[j].RepoTags[0] })
	return out, nil
}

// ImageStatus implements ImageManagerService; the image of the answer is nil when it was not pulled.
func (r *Runtime) ImageStatus(_ context.Context, s *runtimeapi.ImageSpec, _ bool) (*runtimeapi.ImageStatusResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, ok := r.images[s.GetImage()]; ok {
		return &runtimeapi.ImageStatusResponse{Image: i}, nil
	}
	for _, i := range r.images {
		if i.Id == s.GetImage() {
			return &runtimeapi.ImageStatusResponse{Image: i}, nil
		}
	}
	return &runtimeapi.ImageStatusResponse{}, nil
}

// RemoveImage implements ImageManagerService.
func (r *Runtime) RemoveImage(_ context.Context, s *runtimeapi.ImageSpec) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ref, i := range r.images {
		if ref == s.GetImage() || i.Id == s.GetImage() {
			delete(r.images, ref)
		}
	}
	return nil
}

// ImageFsInfo implements ImageManagerService.
func (r *Runtime) ImageFsInfo(context.Context) (*runtimeapi.ImageFsInfoResponse, error) {
	u := []*runtimeapi.FilesystemUsage{{
		Timestamp: time.Now().UnixNano(), FsId: &runtimeapi.FilesystemIdentifier{Mountpoint: "/"},
		UsedBytes: &runtimeapi.UInt64Value{Value: 1 << 20}, InodesUsed: &runtimeapi.UInt64Value{Value: 16},
	}}
	return &runtimeapi.ImageFsInfoResponse{ImageFilesystems: u, ContainerFilesystems: u}, nil
}
