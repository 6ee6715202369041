package explain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// imagePull tells of a container whose image is not on its node and does not come there.
func (x *examiner) imagePull(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) {
	image := imageOf(p, s.Name)
	problem := Problem{
		Code:  ImagePull,
		Title: fmt.Sprintf("The image %s can't be pulled", image),
		Chain: []Link{seen(p, s)},
		Look:  []string{"kubectl describe pod " + p.Name},
	}
	said := ""
	pulled := func(e *corev1.Event) bool {
		return (e.Reason == "Failed" || e.Reason == "InspectFailed") && strings.Contains(e.Message, image)
	}
	if e := x.events.newest(p.UID, pulled); e != nil {
		said = e.Message
		problem.Chain = append(problem.Chain, Link{Claim: "The kubelet could not pull it.", Evidence: x.events.quote(e), From: eventFrom(o, e)})
	} else if s.State.Waiting != nil && s.State.Waiting.Message != "" {
		said = s.State.Waiting.Message
		problem.Chain = append(problem.Chain, Link{
			Claim: "The kubelet could not pull it.", Evidence: short(snapshot.PlainError(said), 200), From: containerField(p, s.Name) + ".state.waiting.message",
		})
	}
	x.imageAdvice(o, p, s, said, &problem)
	x.add(problem.Code+"/"+image, o, problem)
}

// imageAdvice tells apart why an image does not come.
func (x *examiner) imageAdvice(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus, said string, problem *Problem) {
	image := imageOf(p, s.Name)
	reason := ""
	if s.State.Waiting != nil {
		reason = s.State.Waiting.Reason
	}
	w := x.workload(o)
	old := x.olderImage(o, s.Name)
	guess := nearImage(image, old)
	if w != nil && w.GetKind() == "Deployment" && old != "" {
		problem.Back = []string{"kubectl rollout undo " + ref(w)}
	}
	problem.Try = fixImage(w, p, s.Name, guess)
	missing := x.events.newest(p.UID, withReason("FailedToRetrieveImagePullSecret"))
	refused := asksWho(said)
	switch {
	case reason == "InvalidImageName":
		problem.Code, problem.Title = ImageName, fmt.Sprintf("%q is no name of an image", image)
		problem.Advice = "An image's name has small letters, digits, and . _ - / only; the tag comes after a colon."
	case reason == "ErrImageNeverPull":
		problem.Code, problem.Title = ImagePullPolicy, fmt.Sprintf("The image %s is not on the node, and may not be pulled", image)
		problem.Chain = append(problem.Chain, Link{
			Claim: "That is what forbids it.", Evidence: "imagePullPolicy Never", From: fmt.Sprintf("pod/%s spec.containers[%s].imagePullPolicy", p.Name, s.Name),
		})
		problem.Advice = "Bring the image to the node, or let it be pulled: imagePullPolicy IfNotPresent."
		problem.Try = nil
	case missing != nil:
		problem.Code = ImagePullSecret
		problem.Title = fmt.Sprintf("The image %s can't be pulled, and a pull secret that the Pod names is not there", image)
		problem.Chain = append(problem.Chain, Link{Claim: "The kubelet looked for the secret.", Evidence: x.events.quote(missing), From: eventFrom(o, missing)})
		problem.Advice = "Make the secret in this namespace; the Pod tries again by itself."
		problem.Try = []string{fmt.Sprintf("kubectl create secret docker-registry %s --docker-server=SERVER --docker-username=USER --docker-password=PASSWORD", pullSecret(p))}
	case refused:
		problem.Code = ImagePullSecret
		problem.Title = fmt.Sprintf("The registry does not give out the image %s to anybody", image)
		problem.Advice = fmt.Sprintf("It wants to know who pulls. The Pod names %s.", pullSecrets(p))
		problem.Try = nil
		problem.Look = []string{"kubectl get secrets", "kubectl describe pod " + p.Name}
	case guess != "" && repository(guess) == repository(image):
		problem.Advice = "The name is right; the tag is not there."
	case guess != "":
		problem.Advice = fmt.Sprintf("The name is %q. Did you mean %s?", repository(image), guess)
	case strings.Contains(said, "may require"):
		problem.Advice = "The registry does not say whether the image is missing or private. Look at the name and the tag first: one letter is enough."
	default:
		problem.Advice = "Look at the name and the tag: one letter is enough."
	}
	if old != "" {
		problem.Advice += fmt.Sprintf(" The version before ran %s.", old)
	}
}

// asksWho says that a registry refused for want of credentials, and not because the image may be missing.
func asksWho(said string) bool {
	if strings.Contains(said, "may require") {
		return false
	}
	for _, word := range []string{"unauthorized", "authentication required", "no basic auth credentials", "403 Forbidden", "401 Unauthorized"} {
		if strings.Contains(said, word) {
			return true
		}
	}
	return false
}

func pullSecret(p *corev1.Pod) string {
	for _, s := range p.Spec.ImagePullSecrets {
		return s.Name
	}
	return "NAME"
}

func pullSecrets(p *corev1.Pod) string {
	var names []string
	for _, s := range p.Spec.ImagePullSecrets {
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return "no pull secret"
	}
	return "pull secret " + strings.Join(names, ", ")
}

// fixImage is the command that gives a container another image.
func fixImage(w *unstructured.Unstructured, p *corev1.Pod, container, image string) []string {
	if image == "" {
		image = "IMAGE"
	}
	target := "pod/" + p.Name
	switch {
	case w == nil:
	case w.GetKind() == "Job":
		return nil // whose template can't be changed
	default:
		target = ref(w)
	}
	return []string{fmt.Sprintf("kubectl set image %s %s=%s", target, container, image)}
}

// olderImage is what a container ran in the version before this Pod's; empty when there was none.
func (x *examiner) olderImage(o *unstructured.Unstructured, container string) string {
	own := controllerOf(o)
	w := x.workload(o)
	if own == nil || w == nil {
		return ""
	}
	image, newest := "", ""
	for _, s := range x.beside(o, "ReplicaSet") {
		if !ownedBy(s, w.GetUID()) || s.GetUID() == own.UID {
			continue
		}
		created := s.GetCreationTimestamp().UTC().Format("2006-01-02T15:04:05Z")
		t := template(s)
		if t == nil || created < newest {
			continue
		}
		for _, c := range t.Spec.Containers {
			if c.Name == container {
				image, newest = c.Image, created
			}
		}
	}
	return image
}

// repository is an image's name without its tag or digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i]
	}
	return image
}

// nearImage guesses the image that was meant: the one of the version before where the name is the same, or the name that was meant,
// with the tag that was written. Empty when the name is no slip of a few letters.
func nearImage(image, old string) string {
	name := repository(image)
	tag := strings.TrimPrefix(image, name)
	if old != "" && repository(old) == name {
		return old
	}
	candidates := []string{"nginx", "httpd", "busybox", "alpine", "curlimages/curl", "hashicorp/http-echo", "redis", "postgres", "mysql", "ubuntu", "debian"}
	if old != "" {
		candidates = append([]string{repository(old)}, candidates...)
	}
	near := snapshot.Nearest(name, candidates)
	switch {
	case near == "" || near == name:
		return ""
	case strings.HasPrefix(tag, "@"): // a digest is of one image and no other
		tag = ""
	}
	if tag, _, _ = strings.Cut(tag, "@"); tag == "" && old != "" && near == repository(old) {
		return old
	}
	return near + tag
}
