package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// How often each is measured, and how long things are left to settle before memory is read.
const (
	creations  = 5
	deletions  = 10
	nodeDeaths = 3
	starts     = 20

	settleIdle   = 30 * time.Second
	settleLoaded = 15 * time.Second
)

// figures are one provider's.
type figures struct{ creation, idle, loaded, deletion, death string }

// measure takes the figures of a practice cluster, in the order of the table.
func measure(ctx context.Context, p practice, told io.Writer) (f figures, err error) {
	say := func(format string, args ...any) { fmt.Fprintf(told, p.provider+": "+format+"\n", args...) }

	say("making %d clusters", creations)
	creation, err := measureCreation(ctx, p)
	if err != nil {
		return f, err
	}
	f.creation = times(creation)
	say("reading memory, in %s", settleIdle)
	if f.idle, err = measureMemory(ctx, p, settleIdle); err != nil {
		return f, err
	}
	client, err := p.client()
	if err != nil {
		return f, err
	}
	say("running 30 Pods")
	if f.loaded, err = measureLoaded(ctx, p, client); err != nil {
		return f, err
	}
	say("deleting %d Pods", deletions)
	deletion, err := measureDeletion(ctx, client)
	if err != nil {
		return f, err
	}
	f.deletion = times(deletion)
	say("stopping a node %d times", nodeDeaths)
	death, err := measureNodeDeath(ctx, p, client)
	f.death = times(death)
	return f, err
}

// rows are the table; what holds for the sandbox stands before what was measured.
func rows(of []figures, start string) []row {
	column := func(of []figures, get func(figures) string) (all []string) {
		for _, f := range of {
			all = append(all, get(f))
		}
		return all
	}
	return []row{
		{"empty folder to 3 nodes Ready and schedulable", "5 s", "3 s", column(of, func(f figures) string { return f.creation })},
		{"idle, 3 nodes, PSS of all processes", "450 MB", "300 MB", column(of, func(f figures) string { return f.idle })},
		{"the same with 30 Pods", "550 MB", "380 MB", column(of, func(f figures) string { return f.loaded })},
		{"`delete pod` to replacement Ready", "1.5 s", "0.5 s", column(of, func(f figures) string { return f.deletion })},
		{"node killed to its Pods Ready elsewhere", "15 s", "10 s", column(of, func(f figures) string { return f.death })},
		{"`kubectl-learn list`, whole process, against `kubectl version --client`", "1.3 x", "1.0 x", []string{start}},
	}
}

func measureCreation(ctx context.Context, p practice) ([]time.Duration, error) {
	var all []time.Duration
	for range creations {
		if err := p.empty(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := p.create(ctx); err != nil {
			return nil, err
		}
		all = append(all, time.Since(began))
	}
	return all, nil
}

func measureMemory(ctx context.Context, p practice, settle time.Duration) (string, error) {
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	ours, err := p.processes()
	if err != nil {
		return "", err
	}
	bytes, processes, err := memory(ours)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f MB (%d processes)", float64(bytes)/1e6, processes), nil
}

func measureLoaded(ctx context.Context, p practice, client kubernetes.Interface) (string, error) {
	const pods = 30
	deployments := client.AppsV1().Deployments(metav1.NamespaceDefault)
	began := time.Now()
	if _, err := deployments.Create(ctx, deployment("many", pods), metav1.CreateOptions{}); err != nil {
		return "", fmt.Errorf("create Deployment: %w", err)
	}
	at, err := until(ctx, client, "many", func(all []corev1.Pod) bool { return count(all, always) == pods })
	if err != nil {
		return "", err
	}
	result, err := measureMemory(ctx, p, settleLoaded)
	if err != nil {
		return "", err
	}
	if err := deployments.Delete(ctx, "many", metav1.DeleteOptions{}); err != nil {
		return "", fmt.Errorf("delete Deployment: %w", err)
	}
	_, err = until(ctx, client, "many", func(all []corev1.Pod) bool { return len(all) == 0 })
	return fmt.Sprintf("%s; all Ready after %s", result, seconds(at.Sub(began))), err
}

func measureDeletion(ctx context.Context, client kubernetes.Interface) ([]time.Duration, error) {
	const replicas = 3
	running, err := deploy(ctx, client, "web", replicas)
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for range deletions {
		before := map[string]bool{}
		for _, p := range running {
			before[string(p.UID)] = true
		}
		began := time.Now()
		if err := client.CoreV1().Pods(metav1.NamespaceDefault).Delete(ctx, running[0].Name, metav1.DeleteOptions{}); err != nil {
			return nil, fmt.Errorf("delete Pod: %w", err)
		}
		at, err := until(ctx, client, "web", func(pods []corev1.Pod) bool {
			return count(pods, func(p corev1.Pod) bool { return !before[string(p.UID)] }) == 1
		})
		if err != nil {
			return nil, err
		}
		all = append(all, at.Sub(began))
		// The next round begins when the deleted Pod is gone.
		if running, err = settled(ctx, client, "web", replicas); err != nil {
			return nil, err
		}
	}
	return all, client.AppsV1().Deployments(metav1.NamespaceDefault).Delete(ctx, "web", metav1.DeleteOptions{})
}

func measureNodeDeath(ctx context.Context, p practice, client kubernetes.Interface) ([]time.Duration, error) {
	const replicas = 4
	if _, err := deploy(ctx, client, "moving", replicas); err != nil {
		return nil, err
	}
	var all []time.Duration
	for range nodeDeaths {
		running, err := settled(ctx, client, "moving", replicas)
		if err != nil {
			return nil, err
		}
		victim := running[0].Spec.NodeName
		began := time.Now()
		if err := p.command(ctx, "cluster", "node", "stop", victim); err != nil {
			return nil, err
		}
		at, err := until(ctx, client, "moving", func(pods []corev1.Pod) bool {
			return count(pods, func(p corev1.Pod) bool { return p.Spec.NodeName != victim }) == replicas
		})
		if err != nil {
			return nil, err
		}
		all = append(all, at.Sub(began))
		if err := p.command(ctx, "cluster", "node", "start", victim); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func deploy(ctx context.Context, client kubernetes.Interface, app string, replicas int32) ([]corev1.Pod, error) {
	if _, err := client.AppsV1().Deployments(metav1.NamespaceDefault).Create(ctx, deployment(app, replicas), metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("create Deployment: %w", err)
	}
	return settled(ctx, client, app, int(replicas))
}

// settled waits until exactly so many Pods of the app are there, all ready, and returns them.
func settled(ctx context.Context, client kubernetes.Interface, app string, replicas int) ([]corev1.Pod, error) {
	var pods []corev1.Pod
	_, err := until(ctx, client, app, func(all []corev1.Pod) bool {
		pods = all
		return len(all) == replicas && count(all, always) == replicas
	})
	return pods, err
}

// measureStart compares the time of a whole process with kubectl's of the same Kubernetes.
func measureStart(ctx context.Context, program string) (string, error) {
	temp, err := os.MkdirTemp("", "kubectl")
	if err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(temp)
	kubectl := filepath.Join(temp, "kubectl")
	if out, err := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", kubectl, "k8s.io/kubernetes/cmd/kubectl").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build kubectl: %w\n%s", err, out)
	}
	var ours, theirs []time.Duration
	for range starts {
		began := time.Now()
		list := exec.CommandContext(ctx, program, "list")
		list.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+temp)
		if out, err := list.CombinedOutput(); err != nil {
			return "", fmt.Errorf("kubectl-learn list: %w\n%s", err, out)
		}
		ours = append(ours, time.Since(began))
		began = time.Now()
		if out, err := exec.CommandContext(ctx, kubectl, "version", "--client").CombinedOutput(); err != nil {
			return "", fmt.Errorf("kubectl version: %w\n%s", err, out)
		}
		theirs = append(theirs, time.Since(began))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	a, b := median(ours), median(theirs)
	return fmt.Sprintf("%.2f x (%d ms, %d ms)", a.Seconds()/b.Seconds(), a.Milliseconds(), b.Milliseconds()), nil
}
