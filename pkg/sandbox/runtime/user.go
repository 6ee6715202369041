package runtime

import (
	"slices"
	"strconv"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	spec "github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program"
)

// userOf tells whom a container's programs run as, as containerd finds it: whom the Pod says, or else whom
// the image says, with the groups of both. home is that user's folder.
func userOf(image *program.Image, sc *runtimeapi.LinuxContainerSecurityContext) (u spec.User, home string, err error) {
	name := image.User
	switch {
	case sc.GetRunAsUser() != nil:
		name = strconv.FormatInt(sc.GetRunAsUser().GetValue(), 10)
	case sc.GetRunAsUsername() != "":
		name = sc.GetRunAsUsername()
	}
	if u, home, err = image.FindUser(name); err != nil {
		return u, "", err
	}
	if sc.GetRunAsGroup() != nil {
		u.GID = sc.GetRunAsGroup().GetValue()
	}
	if sc.GetSupplementalGroupsPolicy() == runtimeapi.SupplementalGroupsPolicy_Strict {
		u.Groups = nil
	}
	u.Groups = append(append(u.Groups, u.GID), sc.GetSupplementalGroups()...)
	slices.Sort(u.Groups)
	u.Groups = slices.Compact(u.Groups)
	return u, home, nil
}

// shownUser is the user in a container's status.
func shownUser(u spec.User) *runtimeapi.ContainerUser {
	return &runtimeapi.ContainerUser{Linux: &runtimeapi.LinuxContainerUser{Uid: u.UID, Gid: u.GID, SupplementalGroups: u.Groups}}
}

// imageUser is whom an image runs as, in the two forms of CRI: by number, or by name.
func imageUser(i *program.Image) (uid *runtimeapi.Int64Value, name string) {
	if n, err := strconv.ParseInt(i.User, 10, 64); err == nil {
		return &runtimeapi.Int64Value{Value: n}, ""
	}
	return nil, i.User
}
