package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// How the kubelet says what of a ConfigMap or Secret it did not find (k8s.io/kubernetes/pkg/kubelet).
var (
	noObject    = regexp.MustCompile(`(?i)\b(configmap|secret) "([^"]+)" not found`)
	noKey       = regexp.MustCompile(`couldn't find key (\S+) in (ConfigMap|Secret) [^/\s]+/(\S+)`)
	noVolumeKey = regexp.MustCompile(`references non-existent (config|secret) key: (\S+)`)
)

// configError tells of a container that can't be made as its Pod describes it.
func (x *examiner) configError(o *unstructured.Unstructured, p *corev1.Pod, s corev1.ContainerStatus) {
	said := s.State.Waiting.Message
	link := Link{Claim: "The kubelet looked for it.", Evidence: short(said, 200), From: containerField(p, s.Name) + ".state.waiting.message"}
	chain := []Link{seen(p, s), link}
	if strings.Contains(said, "runAsNonRoot") || strings.Contains(said, "will run as root") || strings.Contains(said, "breaks non-root policy") {
		chain[1].Claim = "The kubelet refuses to start it."
		x.add("NonRoot/"+s.Name, o, Problem{
			Code: RunAsNonRoot, Title: fmt.Sprintf("Container %s must not run as root, and its image would", s.Name), Chain: chain,
			Advice: "Say as whom it is to run (securityContext.runAsUser), or take an image that is made for it.",
			Look:   []string{"kubectl describe pod " + p.Name},
		})
		return
	}
	if x.config(o, p, said, chain) {
		return
	}
	x.add("ConfigMissing/"+s.Name+said, o, Problem{
		Code: ConfigMissing, Title: fmt.Sprintf("Container %s needs something that is not there", s.Name), Chain: chain,
		Advice: configAdvice, Look: []string{"kubectl get configmaps,secrets", "kubectl describe pod " + p.Name},
	})
}

const configAdvice = "The Pod waits for it; nothing needs to be restarted once it is there."

// volume tells of a Pod whose volume can't be mounted.
func (x *examiner) volume(o *unstructured.Unstructured, p *corev1.Pod, e *corev1.Event) {
	chain := []Link{
		{Claim: "No container was started yet.", Evidence: fmt.Sprintf("pod/%s  %s", p.Name, podStatus(p)), From: ref(o) + " status"},
		{Claim: "The kubelet waits for the volume.", Evidence: x.events.quote(e), From: eventFrom(o, e)},
	}
	if x.config(o, p, e.Message, chain) {
		return
	}
	x.add("Volume", o, Problem{
		Code: VolumeNotReady, Title: "A volume can't be put into the Pod", Chain: chain,
		Advice: "The Pod starts by itself once what the volume needs is there.",
		Look:   []string{"kubectl describe pod " + p.Name},
	})
}

// config tells of a ConfigMap or Secret, or a key of one, that the kubelet did not find; false when its words say
// nothing of the kind.
func (x *examiner) config(o *unstructured.Unstructured, p *corev1.Pod, said string, chain []Link) bool {
	var kind, name, key string
	if m := noKey.FindStringSubmatch(said); m != nil {
		key, kind, name = m[1], m[2], m[3]
	} else if m := noVolumeKey.FindStringSubmatch(said); m != nil {
		kind, key = map[string]string{"config": "ConfigMap", "secret": "Secret"}[m[1]], strings.TrimRight(m[2], ".,;")
		name = x.volumeWithKey(o, p, kind, key)
	} else if m := noObject.FindStringSubmatch(said); m != nil {
		kind, name = map[string]string{"configmap": "ConfigMap", "secret": "Secret"}[strings.ToLower(m[1])], m[2]
	} else {
		return false
	}
	problem := Problem{Code: ConfigMissing, Title: fmt.Sprintf("%s %q is not there", kind, name), Chain: chain, Advice: configAdvice}
	resource := strings.ToLower(kind) + "s"
	problem.Look = []string{"kubectl get " + resource, "kubectl describe pod " + p.Name}
	if key != "" {
		problem.Code, problem.Title = ConfigKeyMissing, fmt.Sprintf("%s %q has no key %q", kind, name, key)
		if name == "" {
			problem.Title = fmt.Sprintf("A %s that a volume takes has no key %q", kind, key)
		}
		problem.Look = []string{fmt.Sprintf("kubectl describe %s %s", strings.ToLower(kind), name), "kubectl describe pod " + p.Name}
	}
	x.otherNames(o, kind, name, key, &problem)
	problem.Chain = append(problem.Chain, wantedBy(p, kind, name, key)...)
	x.add(problem.Code+"/"+kind+"/"+name+"/"+key, o, problem)
	return true
}

// otherNames says which names, or keys, there are.
func (x *examiner) otherNames(o *unstructured.Unstructured, kind, name, key string, problem *Problem) {
	resource := strings.ToLower(kind) + "s"
	var names []string
	from := resource + " in namespace " + o.GetNamespace()
	for _, c := range x.beside(o, kind) {
		switch {
		case key == "" && c.GetName() != "kube-root-ca.crt":
			names = append(names, c.GetName())
		case key != "" && c.GetName() == name:
			names = keysOf(c)
			from = ref(c) + " data"
		}
	}
	word := name
	if key != "" {
		word = key
	}
	switch {
	case !x.knows(resource):
		problem.Advice += fmt.Sprintf(" Which %ss there are can't be seen: they may not be read.", kind)
	case len(names) > 0:
		problem.Chain = append(problem.Chain, Link{Claim: "These are there.", Evidence: short(strings.Join(names, ", "), 160), From: from})
	}
	if near := snapshot.Nearest(word, names); near != "" {
		problem.Advice = fmt.Sprintf("Did you mean %s? ", near) + problem.Advice
	}
}

// keysOf are the keys of a ConfigMap or Secret.
func keysOf(o *unstructured.Unstructured) []string {
	data, _, _ := unstructured.NestedMap(o.Object, "data")
	binary, _, _ := unstructured.NestedMap(o.Object, "binaryData")
	return append(sortedKeys(data), sortedKeys(binary)...)
}

// keyWish is a volume of a Pod that is to hold keys of a ConfigMap or Secret; all where items is empty.
type keyWish struct {
	volume, kind, name string
	items              []corev1.KeyToPath
}

// keyWishes are what a Pod's volumes take of ConfigMaps and Secrets, those that are projected together with others as well.
func keyWishes(p *corev1.Pod) []keyWish {
	var all []keyWish
	for _, v := range p.Spec.Volumes {
		switch {
		case v.ConfigMap != nil:
			all = append(all, keyWish{v.Name, "ConfigMap", v.ConfigMap.Name, v.ConfigMap.Items})
		case v.Secret != nil:
			all = append(all, keyWish{v.Name, "Secret", v.Secret.SecretName, v.Secret.Items})
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				switch {
				case s.ConfigMap != nil:
					all = append(all, keyWish{v.Name, "ConfigMap", s.ConfigMap.Name, s.ConfigMap.Items})
				case s.Secret != nil:
					all = append(all, keyWish{v.Name, "Secret", s.Secret.Name, s.Secret.Items})
				}
			}
		}
	}
	return all
}

// volumeWithKey is the ConfigMap or Secret of which a volume of the Pod wants a key; of several the one that does not have it.
func (x *examiner) volumeWithKey(o *unstructured.Unstructured, p *corev1.Pod, kind, key string) string {
	found := ""
	for _, w := range keyWishes(p) {
		if w.kind != kind || !slices.ContainsFunc(w.items, func(i corev1.KeyToPath) bool { return i.Key == key }) {
			continue
		}
		has := x.named(o, kind, w.name)
		if found == "" || has != nil && !slices.Contains(keysOf(has), key) {
			found = w.name
		}
	}
	return found
}

// wantedBy is the field of a Pod that names a ConfigMap or Secret.
func wantedBy(p *corev1.Pod, kind, name, key string) []Link {
	link := func(from, evidence string) []Link {
		return []Link{{Claim: "The Pod asks for it here.", Evidence: evidence, From: "pod/" + p.Name + " " + from}}
	}
	for _, c := range append(append([]corev1.Container(nil), p.Spec.InitContainers...), p.Spec.Containers...) {
		for _, e := range c.EnvFrom {
			if kind == "ConfigMap" && e.ConfigMapRef != nil && e.ConfigMapRef.Name == name || kind == "Secret" && e.SecretRef != nil && e.SecretRef.Name == name {
				return link(fmt.Sprintf("spec.containers[%s].envFrom", c.Name), fmt.Sprintf("container %s: envFrom %s", c.Name, name))
			}
		}
		for _, e := range c.Env {
			if v := e.ValueFrom; v != nil && (kind == "ConfigMap" && v.ConfigMapKeyRef != nil && v.ConfigMapKeyRef.Name == name && (key == "" || v.ConfigMapKeyRef.Key == key) ||
				kind == "Secret" && v.SecretKeyRef != nil && v.SecretKeyRef.Name == name && (key == "" || v.SecretKeyRef.Key == key)) {
				return link(fmt.Sprintf("spec.containers[%s].env[%s]", c.Name, e.Name), fmt.Sprintf("container %s: variable %s", c.Name, e.Name))
			}
		}
	}
	for _, w := range keyWishes(p) {
		if w.kind == kind && w.name == name {
			return link(fmt.Sprintf("spec.volumes[%s]", w.volume), "volume "+w.volume)
		}
	}
	return nil
}
