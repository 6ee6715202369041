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

// measure takes all figures, in the order of the table but for the last, which wants a quiet machine.
func measure(ctx context.Context, p practice, told io.Writer) ([]row, error) {
	say := func(format string, args ...any) { fmt.Fprintf(told, format+"\n", args...) }

	say("Starting the program and kubectl %d times each", starts)
	list, err := measureStart(ctx, p)
	if err != nil {
		return nil, err
	}
	say("Making %d clusters", creations)
	creation, err := measureCreation(ctx, p)
	if err != nil {
		return nil, err
	}
	say("Reading memory, in %s", settleIdle)
	idle, err := measureMemory(ctx, p, settleIdle)
	if err != nil {
		return nil, err
	}
	client, err := p.client()
	if err != nil {
		return nil, err
	}
	say("Running 30 Pods")
	loaded, err := measureLoaded(ctx, p, client)
	if err != nil {
		return nil, err
	}
	say("Deleting %d Pods", deletions)
	deletion, err := measureDeletion(ctx, client)
	if err != nil {
		return nil, err
	}
	say("Stopping a node %d times", nodeDeaths)
	death, err := measureNodeDeath(ctx, p, client)
	if err != nil {
		return nil, err
	}
	return []row{
		{"empty folder to 3 nodes Ready and schedulable", "5 s", "3 s", times(creation)},
		{"idle, 3 nodes, PSS of all processes", "450 MB", "300 MB", idle},
		{"the same with 30 Pods", "550 MB", "380 MB", loaded},
		{"`delete pod` to replacement Ready", "1.5 s", "0.5 s", times(deletion)},
		{"node killed to its Pods Ready elsewhere", "15 s", "10 s", times(death)},
		{"`kubectl-learn list`, whole process, against `kubectl version --client`", "1.5 x", "1.0 x", list},
	}, nil
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
	bytes, processes, err := memory(p.home)
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
func measureStart(ctx context.Context, p practice) (string, error) {
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
		if err := p.command(ctx, "list"); err != nil {
			return "", err
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
