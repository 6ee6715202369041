package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// practice is the program under test with a home of its own.
type practice struct{ program, provider, home string }

// name is the cluster's: an engine's clusters are seen from every home, and one called learn may be somebody's.
const name = "bench"

func newPractice(program, provider string) (practice, error) {
	// Unix sockets need a short path, which the system's temporary folder is not everywhere.
	home, err := os.MkdirTemp("/tmp", "bench")
	if err != nil {
		return practice{}, fmt.Errorf("make home: %w", err)
	}
	return practice{program, provider, home}, nil
}

// command runs the program and returns an error that has what it printed.
func (p practice) command(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, p.program, args...)
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+p.home, "KUBECTL_LEARN_CLUSTER="+name)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl-learn %q: %w\n%s", args, err, out)
	}
	return nil
}

func (p practice) create(ctx context.Context) error {
	return p.command(ctx, "cluster", "create", "--provider", p.provider)
}

// empty deletes the cluster, if there is one, and all files.
func (p practice) empty(ctx context.Context) error {
	if left, _ := filepath.Glob(p.file("cluster.json")); len(left) > 0 {
		if err := p.command(ctx, "cluster", "delete"); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(p.home)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(p.home, e.Name())))
	}
	return err
}

// remove ends it all.
func (p practice) remove(ctx context.Context) {
	if err := p.empty(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: left behind:", err)
		return
	}
	_ = os.Remove(p.home)
}

// file is a file of the cluster, in whichever folder its provider keeps it.
func (p practice) file(base string) string { return filepath.Join(p.home, "*", name, base) }

// processes are those of the cluster: with kind, all that is in its containers.
func (p practice) processes() (marks, error) {
	if p.provider == "sandbox" {
		return marks{"cmdline", []string{p.home}}, nil
	}
	out, err := exec.Command("docker", "ps", "-q", "--no-trunc", "--filter", "label=io.x-k8s.kind.cluster="+name).Output()
	if err != nil {
		return marks{}, fmt.Errorf("find the nodes' containers: %w", err)
	}
	return marks{"cgroup", strings.Fields(string(out))}, nil
}

func (p practice) client() (kubernetes.Interface, error) {
	found, err := filepath.Glob(p.file("kubeconfig"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("find kubeconfig of cluster %s: %d are there", name, len(found))
	}
	config, err := clientcmd.BuildConfigFromFlags("", found[0])
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS = -1 // what is measured is not how gently this client asks
	return kubernetes.NewForConfig(config)
}

// deployment is a number of nginx Pods that are ready as soon as they answer, and leave a dead node
// as soon as Kubernetes allows it on this cluster.
func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "nginx", Image: "nginx:1.29"}}},
			},
		},
	}
}

// until watches the Pods of an app until done says that they are as wanted. It returns when that was.
func until(ctx context.Context, client kubernetes.Interface, app string, done func(pods []corev1.Pod) bool) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	pods := client.CoreV1().Pods(metav1.NamespaceDefault)
	options := metav1.ListOptions{LabelSelector: "app=" + app}
	for {
		list, err := pods.List(ctx, options)
		if err != nil {
			return time.Time{}, fmt.Errorf("list Pods: %w", err)
		}
		known := map[string]corev1.Pod{}
		for _, p := range list.Items {
			known[p.Name] = p
		}
		at, err := follow(ctx, client, options, list.ResourceVersion, known, done)
		if !errors.Is(err, io.EOF) {
			return at, err
		}
	}
}

// follow is one watch of until's; io.EOF says that it ended and is to be begun again.
func follow(ctx context.Context, client kubernetes.Interface, o metav1.ListOptions, version string, known map[string]corev1.Pod, done func([]corev1.Pod) bool) (time.Time, error) {
	o.ResourceVersion = version
	watch, err := client.CoreV1().Pods(metav1.NamespaceDefault).Watch(ctx, o)
	if err != nil {
		return time.Time{}, fmt.Errorf("watch Pods: %w", err)
	}
	defer watch.Stop()
	for {
		now := time.Now()
		var all []corev1.Pod
		for _, p := range known {
			all = append(all, p)
		}
		if done(all) {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait for Pods: %w", ctx.Err())
		case e, ok := <-watch.ResultChan():
			pod, isPod := e.Object.(*corev1.Pod)
			switch {
			case !ok || !isPod:
				return time.Time{}, io.EOF
			case e.Type == "DELETED":
				delete(known, pod.Name)
			default:
				known[pod.Name] = *pod
			}
		}
	}
}

func ready(p corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// count of the Pods that are ready and for which also holds.
func count(pods []corev1.Pod, also func(corev1.Pod) bool) (n int) {
	for _, p := range pods {
		if ready(p) && also(p) {
			n++
		}
	}
	return n
}

func always(corev1.Pod) bool { return true }
