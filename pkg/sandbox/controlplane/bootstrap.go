package controlplane

import (
	"context"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"
	"k8s.io/utils/ptr"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/identity"
)

// learnersBinding gives the learner every right.
const learnersBinding = "kubectl-learn:learner"

// bootstrapped says that an earlier run did what bootstrap does, and found Kubernetes' own roles there.
func bootstrapped(ctx context.Context, admin *rest.Config) (bool, error) {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return false, fmt.Errorf("bootstrap: %w", err)
	}
	if _, err = client.RbacV1().ClusterRoleBindings().Get(ctx, learnersBinding, metav1.GetOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("bootstrap: %w", err)
	}
	return err == nil, nil
}

// bootstrap makes what every cluster has and the API server does not make by itself. It may run
// again on a cluster that has it all.
func bootstrap(ctx context.Context, admin *rest.Config, c *sandbox.Config) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	role := policyReader()
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bootstrap: %w", err)
	}
	for _, b := range []*rbacv1.ClusterRoleBinding{
		binding(learnersBinding, "cluster-admin", identity.Learner.User),
		binding(role.Name, role.Name, identity.Proxy.User),
		binding("kubectl-learn:kubelet-api", "system:kubelet-api-admin", "kube-apiserver-kubelet-client"),
	} {
		if _, err := client.RbacV1().ClusterRoleBindings().Create(ctx, b, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("bootstrap: %w", err)
		}
	}
	if err := publishMetrics(ctx, admin, client); err != nil {
		return err
	}
	return publishAPIServer(ctx, client, c)
}

// policyReader is what the nodes need to enforce NetworkPolicies; the role that Kubernetes ships for
// kube-proxy covers Services alone.
func policyReader() *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "system:kubectl-learn:network-policy"},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods", "namespaces"}, Verbs: []string{"list", "watch"}},
			{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"networkpolicies"}, Verbs: []string{"list", "watch"}},
		},
	}
}

// publishMetrics makes what comes with metrics-server elsewhere: the entry in the list of APIs, and
// the right to read figures for everyone who may read Pods.
func publishMetrics(ctx context.Context, admin *rest.Config, client kubernetes.Interface) error {
	apis, err := aggregator.NewForConfig(admin)
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	service := &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: "v1beta1.metrics.k8s.io"},
		Spec:       apiregistrationv1.APIServiceSpec{Group: "metrics.k8s.io", Version: "v1beta1", GroupPriorityMinimum: 100, VersionPriority: 100},
	}
	if _, err := apis.ApiregistrationV1().APIServices().Create(ctx, service, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bootstrap: %w", err)
	}
	reader := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "system:aggregated-metrics-reader", Labels: map[string]string{
			"rbac.authorization.k8s.io/aggregate-to-view":  "true",
			"rbac.authorization.k8s.io/aggregate-to-edit":  "true",
			"rbac.authorization.k8s.io/aggregate-to-admin": "true",
		}},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{"metrics.k8s.io"}, Resources: []string{"pods", "nodes"}, Verbs: []string{"get", "list", "watch"}}},
	}
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, reader, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bootstrap: %w", err)
	}
	return nil
}

func binding(name, role, user string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
}

// publishAPIServer gives the Service "kubernetes" its endpoint, as the API server itself would if
// its address were one that Endpoints may hold.
func publishAPIServer(ctx context.Context, client kubernetes.Interface, c *sandbox.Config) error {
	labels := map[string]string{discoveryv1.LabelServiceName: "kubernetes"}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "kubernetes", Namespace: metav1.NamespaceDefault, Labels: labels},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: ptr.To("https"), Port: ptr.To(int32(identity.APIServerPort)), Protocol: ptr.To(corev1.ProtocolTCP)}},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{identity.APIServerAddress}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}}},
	}
	// Its older form, which nothing is to make another slice of.
	endpoints := &corev1.Endpoints{
		ObjectMeta: metav1.ObjectMeta{Name: slice.Name, Namespace: slice.Namespace, Labels: map[string]string{discoveryv1.LabelSkipMirror: "true"}},
		Subsets: []corev1.EndpointSubset{{
			Addresses: []corev1.EndpointAddress{{IP: identity.APIServerAddress}},
			Ports:     []corev1.EndpointPort{{Name: "https", Port: identity.APIServerPort, Protocol: corev1.ProtocolTCP}},
		}},
	}
	_, err := client.DiscoveryV1().EndpointSlices(slice.Namespace).Create(ctx, slice, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bootstrap: %w", err)
	}
	_, err = client.CoreV1().Endpoints(endpoints.Namespace).Create(ctx, endpoints, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bootstrap: %w", err)
	}
	return nil
}

// waitFor polls one of the API server's health paths, which nothing can be watched for.
func waitFor(ctx context.Context, admin *rest.Config, path string) error {
	client, err := rest.HTTPClientFor(admin)
	if err != nil {
		return fmt.Errorf("wait for %s: %w", path, err)
	}
	return wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, admin.Host+path, nil)
		if err != nil {
			return false, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return false, nil
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK, nil
	})
}

func waitForDefaults(ctx context.Context, admin *rest.Config) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return fmt.Errorf("wait for the default ServiceAccount: %w", err)
	}
	return wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		if _, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return false, nil
		}
		_, err := client.CoreV1().ConfigMaps("default").Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		return err == nil, nil
	})
}
