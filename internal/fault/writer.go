package fault

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	writtenLabel = "written-by=fault"
	// keep is how many objects a Writer leaves before it deletes the oldest as it makes new ones.
	keep = 300
	// answerWithin is how long a write may take before it counts as failed.
	answerWithin = 3 * time.Second
)

// Writer writes ConfigMaps without end, and remembers what the API server acknowledged: a write whose
// answer never came may have happened or not, one that was answered has.
type Writer struct {
	kubeconfig, namespace, name string

	mu      sync.Mutex
	stands  map[string]string // acknowledged: name -> value
	gone    map[string]bool   // deletion acknowledged
	order   []string
	acked   int
	failed  int
	longest time.Duration // between two acknowledged writes
	last    time.Time
}

// NewWriter returns a Writer of objects that begin with a name, in a namespace that is there.
func NewWriter(kubeconfig, namespace, name string) *Writer {
	return &Writer{kubeconfig: kubeconfig, namespace: namespace, name: name, stands: map[string]string{}, gone: map[string]bool{}}
}

// Client is a client of the cluster as the kubeconfig says now: its port may change.
func Client(kubeconfig string, timeout time.Duration) (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Timeout = -1, timeout
	return kubernetes.NewForConfig(cfg)
}

// Run writes until ctx ends, each write as soon as the one before is over.
func (w *Writer) Run(ctx context.Context) {
	var client kubernetes.Interface
	for n := 0; ctx.Err() == nil; n++ {
		if client == nil {
			client, _ = Client(w.kubeconfig, answerWithin)
		}
		if client == nil || !w.write(client, n) {
			client = nil // it may have moved
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// write makes one object, and says whether that was acknowledged. It is not broken off with the
// context of Run, so that it is known what became of it.
func (w *Writer) write(client kubernetes.Interface, n int) bool {
	name, value := fmt.Sprintf("%s-%d", w.name, n), strconv.Itoa(n)
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"written-by": "fault"}},
		Data:       map[string]string{"n": value},
	}
	_, err := client.CoreV1().ConfigMaps(w.namespace).Create(context.Background(), object, metav1.CreateOptions{})
	if !w.count(err) {
		return false
	}
	w.mu.Lock()
	w.stands[name] = value
	w.order = append(w.order, name)
	oldest := ""
	if len(w.order) > keep {
		oldest, w.order = w.order[0], w.order[1:]
		delete(w.stands, oldest) // from now on it may be gone
	}
	w.mu.Unlock()
	if oldest == "" {
		return true
	}
	err = client.CoreV1().ConfigMaps(w.namespace).Delete(context.Background(), oldest, metav1.DeleteOptions{})
	if !w.count(err) {
		return false
	}
	w.mu.Lock()
	w.gone[oldest] = true
	w.mu.Unlock()
	return true
}

func (w *Writer) count(err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed++
		return false
	}
	now := time.Now()
	if !w.last.IsZero() {
		w.longest = max(w.longest, now.Sub(w.last))
	}
	w.last = now
	w.acked++
	return true
}

// Count is how many writes were acknowledged and how many were not, and the longest time without one.
func (w *Writer) Count() (acked, failed int, longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked, w.failed, w.longest
}

// Lost compares what was acknowledged with what is there, and returns a line for each object that is
// not as it was acknowledged.
func (w *Writer) Lost(ctx context.Context) ([]string, error) {
	client, err := Client(w.kubeconfig, time.Minute)
	if err != nil {
		return nil, err
	}
	return w.lost(ctx, client)
}

func (w *Writer) lost(ctx context.Context, client kubernetes.Interface) (lost []string, err error) {
	w.mu.Lock()
	stands, gone := make(map[string]string, len(w.stands)), make([]string, 0, len(w.gone))
	for k, v := range w.stands {
		stands[k] = v
	}
	for k := range w.gone {
		gone = append(gone, k)
	}
	w.mu.Unlock()
	// What was acknowledged before the list is asked for must be in it.
	list, err := client.CoreV1().ConfigMaps(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: writtenLabel})
	if err != nil {
		return nil, fmt.Errorf("list what was written: %w", err)
	}
	there := make(map[string]string, len(list.Items))
	for _, o := range list.Items {
		there[o.Name] = o.Data["n"]
	}
	for name, value := range stands {
		if got, ok := there[name]; !ok || got != value {
			// The writer goes on meanwhile, and may have deleted it.
			if !w.deletes(name) {
				lost = append(lost, fmt.Sprintf("%s: acknowledged as %s, is %q", name, value, got))
			}
		}
	}
	for _, name := range gone {
		if _, ok := there[name]; ok {
			lost = append(lost, name+": its deletion was acknowledged, and it is there")
		}
	}
	return lost, nil
}

// deletes says that the writer has begun to delete an object.
func (w *Writer) deletes(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, stands := w.stands[name]
	return !stands
}

// MakeNamespace makes a namespace if it is not there.
func MakeNamespace(ctx context.Context, kubeconfig, name string) error {
	client, err := Client(kubeconfig, time.Minute)
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make namespace %s: %w", name, err)
	}
	return nil
}
