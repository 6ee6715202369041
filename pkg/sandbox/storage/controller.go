package storage

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
)

// Between two tries of what failed, as long as this at first and at most.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Controller gives claims their volumes. It follows sig-storage's external provisioner and resizer in
// names, events and order; those come as modules that ask for other versions of what Kubernetes pins.
type Controller struct {
	client  kubernetes.Interface
	layout  sandbox.Layout
	events  record.EventRecorder
	queue   workqueue.TypedRateLimitingInterface[item]
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
}

// item is an object to look at.
type item struct {
	volume          bool // else a claim
	namespace, name string
}

// Run works for the cluster at l until ctx ends. client is User's.
func Run(ctx context.Context, client kubernetes.Interface, l sandbox.Layout) error {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	defer broadcaster.Shutdown()
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[item](firstRetry, lastRetry)
	factory := informers.NewSharedInformerFactory(client, 0)
	core, storage := factory.Core().V1(), factory.Storage().V1()
	c := &Controller{
		client: client, layout: l,
		events: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: sandbox.StorageDriver}),
		queue:  workqueue.NewTypedRateLimitingQueue[item](limiter),
		claims: core.PersistentVolumeClaims().Lister(), volumes: core.PersistentVolumes().Lister(), classes: storage.StorageClasses().Lister(),
	}
	if err := c.follow(core.PersistentVolumeClaims().Informer(), core.PersistentVolumes().Informer()); err != nil {
		return err
	}
	storage.StorageClasses().Informer()
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	for what, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return errors.Join(ctx.Err(), errors.New("watch "+what.String()+": not synced"))
		}
	}
	go func() {
		<-ctx.Done()
		c.queue.ShutDown()
	}()
	for c.next(ctx) {
	}
	return nil
}

// follow puts what changes into the queue.
func (c *Controller) follow(claims, volumes cache.SharedIndexInformer) error {
	add := func(object any) {
		switch o := object.(type) {
		case *corev1.PersistentVolumeClaim:
			c.queue.Add(item{namespace: o.Namespace, name: o.Name})
		case *corev1.PersistentVolume:
			c.queue.Add(item{volume: true, name: o.Name})
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, object any) { add(object) }}
	_, err := claims.AddEventHandler(handler)
	_, err2 := volumes.AddEventHandler(handler)
	return errors.Join(err, err2)
}

// next looks at one object; what fails is tried again later.
func (c *Controller) next(ctx context.Context) bool {
	i, over := c.queue.Get()
	if over {
		return false
	}
	defer c.queue.Done(i)
	if err := c.sync(ctx, i); err != nil && ctx.Err() == nil {
		if !apierrors.IsConflict(err) {
			klog.FromContext(ctx).Error(err, "Look at storage", "namespace", i.namespace, "name", i.name)
		}
		c.queue.AddRateLimited(i)
		return true
	}
	c.queue.Forget(i)
	return true
}

func (c *Controller) sync(ctx context.Context, i item) error {
	if i.volume {
		volume, err := c.volumes.Get(i.name)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, c.syncVolume(ctx, volume))
	}
	claim, err := c.claims.PersistentVolumeClaims(i.namespace).Get(i.name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if claim.Spec.VolumeName == "" {
		return c.provision(ctx, claim)
	}
	return c.enlarge(ctx, claim)
}
