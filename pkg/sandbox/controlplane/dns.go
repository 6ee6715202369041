package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/podnet"
)

const dnsName = "kube-dns"

// publishDNS shows the cluster's DNS as the Service that everyone looks for. It has no selector, since no
// Pods stand behind it: each node answers at its address by itself, and the endpoint that it
// shows is answered in the same way. A cluster lives without this Service, so that what stands in its way
// is logged and no more.
func publishDNS(ctx context.Context, admin *rest.Config) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return fmt.Errorf("publish DNS: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// Addresses can be given from the moment when the API server has written down their range.
	var last error
	err = wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		_, last = client.CoreV1().Services(metav1.NamespaceSystem).Create(ctx, dnsService(), metav1.CreateOptions{})
		return last == nil || apierrors.IsAlreadyExists(last) || apierrors.IsInvalid(last), nil
	})
	if err == nil && !apierrors.IsInvalid(last) {
		_, last = client.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).Create(ctx, dnsEndpoints(), metav1.CreateOptions{})
	}
	if last != nil && !apierrors.IsAlreadyExists(last) {
		klog.ErrorS(errors.Join(err, last), "The Service kube-dns can't be made")
	}
	return nil
}

func dnsService() *corev1.Service {
	port := func(name string, p corev1.Protocol) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Protocol: p, Port: 53, TargetPort: intstr.FromInt32(53)}
	}
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: dnsName, Namespace: metav1.NamespaceSystem,
			Labels: map[string]string{"k8s-app": dnsName, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "DNS"},
			Annotations: map[string]string{
				"kubernetes.io/description": "The DNS of the sandbox. No Pods stand behind it: each node answers at this address by itself.",
			},
		},
		Spec: corev1.ServiceSpec{
			ClusterIP: podnet.DNSServer().String(),
			Ports:     []corev1.ServicePort{port("dns", corev1.ProtocolUDP), port("dns-tcp", corev1.ProtocolTCP)},
		},
	}
}

func dnsEndpoints() *discoveryv1.EndpointSlice {
	port := func(name string, p corev1.Protocol) discoveryv1.EndpointPort {
		return discoveryv1.EndpointPort{Name: ptr.To(name), Protocol: ptr.To(p), Port: ptr.To(int32(53))}
	}
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: dnsName, Namespace: metav1.NamespaceSystem,
			Labels: map[string]string{discoveryv1.LabelServiceName: dnsName, discoveryv1.LabelManagedBy: "kubectl-learn"},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{port("dns", corev1.ProtocolUDP), port("dns-tcp", corev1.ProtocolTCP)},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{podnet.NodeIP(0).String()}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}}},
	}
}
