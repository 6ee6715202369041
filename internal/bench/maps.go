package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

// What is drawn.
const (
	mapPods     = 5000
	mapNodes    = 50
	mapServices = 50
	mapClients  = 16
	mapRuns     = 7
	mapSpace    = "default"
)

// runMap fills a sandbox with Pods on nodes that are objects and nothing else, and measures the command map on it.
func runMap(ctx context.Context, program string, out, told io.Writer) error {
	p, err := newPractice(program, "sandbox")
	if err != nil {
		return err
	}
	defer p.remove(context.WithoutCancel(ctx))
	if err := p.create(ctx); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	defer func() { stop(); renewing.Wait() }()
	if err := many(ctx, mapNodes, func(i int) error { return makeNode(ctx, client, i) }); err != nil {
		return err
	}
	renewing.Go(func() { renew(ctx, client) })
	fmt.Fprintf(told, "map: making %d Pods\n", mapPods)
	if err := many(ctx, mapPods, func(i int) error { return makePod(ctx, client, i) }); err != nil {
		return err
	}
	// With the Services there from the start, each Pod would be written into lists of endpoints one by one.
	if err := many(ctx, mapServices, func(i int) error { return makeService(ctx, client, i) }); err != nil {
		return err
	}
	if err := answered(ctx, client); err != nil {
		return err
	}
	var took []time.Duration
	var most drawn
	for range mapRuns {
		d, err := p.draw(ctx)
		if err != nil {
			return err
		}
		took = append(took, d.took)
		most.private, most.shared = max(most.private, d.private), max(most.shared, d.shared)
		most.lines = d.lines
		most.computed = max(most.computed, d.computed)
	}
	slices.Sort(took)
	fmt.Fprintf(out, "| what | figure |\n|---|---|\n")
	fmt.Fprintf(out, "| Pods, nodes, Services | %d, %d, %d |\n", mapPods, mapNodes, mapServices)
	fmt.Fprintf(out, "| `kubectl learn map`, whole process | median %.2f s, longest %.2f s, of %d |\n", took[len(took)/2].Seconds(), took[len(took)-1].Seconds(), mapRuns)
	fmt.Fprintf(out, "| processor time of its own at most; the rest is the API server's | %.2f s |\n", most.computed.Seconds())
	fmt.Fprintf(out, "| memory of its own at most | %.0f MB |\n", float64(most.private)/1e6)
	fmt.Fprintf(out, "| pages of the program file in memory, which the cluster's processes use too | %.0f MB |\n", float64(most.shared)/1e6)
	fmt.Fprintf(out, "| lines of the picture | %d |\n", most.lines)
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors, %s.\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), machine())
	return nil
}

// many calls f for 0 to n-1, several at once, until one fails.
func many(ctx context.Context, n int, f func(int) error) error {
	next, failed := make(chan int), make(chan error, mapClients)
	var working sync.WaitGroup
	for range mapClients {
		working.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	defer working.Wait()
	defer close(next)
	for i := range n {
		select {
		case next <- i:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func mapNode(i int) string { return fmt.Sprintf("paper-%02d", i) }

func makeNode(ctx context.Context, client kubernetes.Interface, i int) error {
	room := corev1.ResourceList{"cpu": resource.MustParse("32"), "memory": resource.MustParse("128Gi"), "pods": resource.MustParse("250")}
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: mapNode(i)},
		// Nothing else is to be put there.
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "example.com/paper", Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
			NodeInfo:   corev1.NodeSystemInfo{KubeletVersion: "v1.37.2", ContainerRuntimeVersion: "containerd://2.1.4", KernelVersion: "6.12.1", OperatingSystem: "linux", Architecture: "amd64"},
		},
	}
	if _, err := client.CoreV1().Nodes().Create(ctx, n, metav1.CreateOptions{}); err != nil {
		return err
	}
	status, err := json.Marshal(map[string]any{"status": n.Status})
	if err != nil {
		return err
	}
	if _, err := client.CoreV1().Nodes().Patch(ctx, n.Name, "application/strategic-merge-patch+json", status, metav1.PatchOptions{}, "status"); err != nil {
		return err
	}
	name, seconds, now := mapNode(i), int32(40), metav1.NowMicro()
	_, err = client.CoordinationV1().Leases("kube-node-lease").Create(ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now},
	}, metav1.CreateOptions{})
	return err
}

// renew does what a kubelet does to be thought alive.
func renew(ctx context.Context, client kubernetes.Interface) {
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		patch := fmt.Sprintf(`{"spec":{"renewTime":%q}}`, time.Now().UTC().Format(metav1.RFC3339Micro))
		_ = many(ctx, mapNodes, func(i int) error {
			_, err := client.CoordinationV1().Leases("kube-node-lease").Patch(ctx, mapNode(i), "application/merge-patch+json", []byte(patch), metav1.PatchOptions{})
			return err
		})
	}
}

func mapLabels(i int) map[string]string {
	return map[string]string{"app": fmt.Sprintf("app-%02d", i%mapServices), "pod-template-hash": "6d4f9b7c8d"}
}

func makeService(ctx context.Context, client kubernetes.Interface, i int) error {
	_, err := client.CoreV1().Services(mapSpace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: mapLabels(i)["app"]},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": mapLabels(i)["app"]}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(80)}}},
	}, metav1.CreateOptions{})
	return err
}

// makePod makes a Pod as a kubelet would tell of it: of a hundred, two are not ready and one crashes.
func makePod(ctx context.Context, client kubernetes.Interface, i int) error {
	name := fmt.Sprintf("%s-6d4f9b7c8d-%05d", mapLabels(i)["app"], i)
	asked := corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: mapLabels(i)},
		Spec: corev1.PodSpec{
			NodeName: mapNode(i % mapNodes),
			// A busy machine may let a lease run out.
			Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers:  []corev1.Container{{Name: "main", Image: "nginx:1.29", Ports: []corev1.ContainerPort{{ContainerPort: 80}}, Resources: corev1.ResourceRequirements{Requests: asked}}},
		},
	}
	made, err := client.CoreV1().Pods(mapSpace).Create(ctx, p, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	ready, state := corev1.ConditionTrue, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}
	switch i % 100 {
	case 7, 8:
		ready = corev1.ConditionFalse
	case 9:
		ready, state = corev1.ConditionFalse, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	}
	made.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: fmt.Sprintf("10.%d.%d.%d", 1+i/60000, i/250%240, i%250+1), PodIPs: []corev1.PodIP{{IP: fmt.Sprintf("10.%d.%d.%d", 1+i/60000, i/250%240, i%250+1)}},
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()},
			{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()},
			{Type: corev1.ContainersReady, Status: ready, LastTransitionTime: metav1.Now()},
			{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.Now()},
		},
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "main", Image: "nginx:1.29", ImageID: "docker.io/library/nginx@sha256:" + strings.Repeat("0123456789abcdef", 4),
			ContainerID: fmt.Sprintf("containerd://%032x%032x", rand.Uint64(), i), Ready: ready == corev1.ConditionTrue, State: state,
		}},
	}
	_, err = client.CoreV1().Pods(mapSpace).UpdateStatus(ctx, made, metav1.UpdateOptions{})
	return err
}

// answered waits until the lists of endpoints know all Pods.
func answered(ctx context.Context, client kubernetes.Interface) error {
	for {
		slices, err := client.DiscoveryV1().EndpointSlices(mapSpace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		n := 0
		for _, s := range slices.Items {
			n += len(s.Endpoints)
		}
		if n >= mapPods {
			return nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drawn is one run of the command.
type drawn struct {
	took            time.Duration
	private, shared int64 // bytes
	lines           int
	// computed is the processor time that it took itself.
	computed time.Duration
}

// draw runs the command and looks at its memory meanwhile.
func (p practice) draw(ctx context.Context) (drawn, error) {
	cmd := exec.CommandContext(ctx, p.program, "map")
	cmd.Env = append(os.Environ(), "KUBECTL_LEARN_HOME="+p.home, "KUBECTL_LEARN_CLUSTER="+name)
	var printed strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &printed
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return drawn{}, err
	}
	var d drawn
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			d.computed = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			d.took, d.lines = time.Since(began), strings.Count(printed.String(), "\n")
			if err != nil {
				return d, fmt.Errorf("map: %w\n%s", err, printed.String())
			}
			return d, nil
		case <-look.C:
			private, shared := resident(cmd.Process.Pid)
			d.private, d.shared = max(d.private, private), max(d.shared, shared)
		}
	}
}

// resident is a process's memory in bytes: what is its own, and what of files is mapped.
func resident(pid int) (private, shared int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil { // it has ended
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		kb, err := strconv.ParseInt(fields[1], 10, 64)
		switch {
		case err != nil:
		case fields[0] == "RssAnon:":
			private = kb * 1024
		case fields[0] == "RssFile:":
			shared = kb * 1024
		}
	}
	return private, shared
}
