package node

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/features"
	"k8s.io/kubernetes/pkg/kubelet"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	kubeletutil "k8s.io/kubernetes/pkg/kubelet/util"
	"k8s.io/kubernetes/pkg/util/oom"
	"k8s.io/kubernetes/pkg/volume"
	"k8s.io/kubernetes/pkg/volume/configmap"
	"k8s.io/kubernetes/pkg/volume/downwardapi"
	"k8s.io/kubernetes/pkg/volume/emptydir"
	"k8s.io/kubernetes/pkg/volume/hostpath"
	"k8s.io/kubernetes/pkg/volume/image"
	"k8s.io/kubernetes/pkg/volume/projected"
	"k8s.io/kubernetes/pkg/volume/secret"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/pulse"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/runtime"
)

// apiServerClient is who alone may speak to a kubelet's server.
const apiServerClient = "kube-apiserver-kubelet-client"

// flags are the kubelet's, where they are not fields of its configuration.
func flags(n sandbox.Node, dir string) options.KubeletFlags {
	f := options.NewKubeletFlags()
	f.RootDirectory = dir
	f.CertDirectory = filepath.Join(dir, "pki")
	f.HostnameOverride = n.Name
	f.NodeIP = n.IP()
	f.MinimumGCAge = metav1.Duration{Duration: time.Minute}
	f.MaxPerPodContainerCount = 2 // with one, logs --previous has nothing after a second crash
	return *f
}

func configuration(n sandbox.Node, dir string, port int) (*kubeletconfig.KubeletConfiguration, error) {
	c, err := options.NewKubeletConfiguration()
	if err != nil {
		return nil, fmt.Errorf("set up kubelet: %w", err)
	}
	c.EnableServer, c.Address, c.Port = true, "127.0.0.1", int32(port)
	c.ReadOnlyPort, c.HealthzPort, c.StaticPodPath = 0, 0, ""
	c.PodLogsDir = filepath.Join(dir, "logs")
	c.ProviderID = "kubectl-learn://" + n.Name
	c.ClusterDomain, c.ClusterDNS, c.ResolverConfig = "cluster.local", []string{"10.96.0.10"}, ""
	// No cgroups, no firewall rules, no swap to look at: containers are plain processes.
	c.CgroupsPerQOS, c.EnforceNodeAllocatable, c.CgroupRoot = false, nil, ""
	c.MakeIPTablesUtilChains, c.FailSwapOn, c.EnableControllerAttachDetach = false, false, false
	c.LocalStorageCapacityIsolation = true
	// Images come with the binary, so there is nothing to be gentle with.
	c.SerializeImagePulls, c.RegistryPullQPS, c.ImageGCHighThresholdPercent = false, 0, 100
	// A learner watches: news of a node must travel faster than in a big cluster.
	c.NodeStatusUpdateFrequency.Duration = time.Second
	c.NodeStatusReportFrequency.Duration = 30 * time.Second
	c.NodeLeaseDurationSeconds = 4
	c.SyncFrequency.Duration = 10 * time.Second
	c.EvictionHard = map[string]string{"memory.available": "100Mi", "nodefs.available": "5%"}
	c.EvictionPressureTransitionPeriod.Duration = 20 * time.Second
	// A minute by default, which is how long an emptyDir may go over its limit unnoticed.
	c.VolumeStatsAggPeriod.Duration = 5 * time.Second
	c.EnableDebuggingHandlers, c.EnableSystemLogHandler = true, false
	c.EventRecordQPS, c.KubeAPIQPS, c.KubeAPIBurst = 0, 100, 200
	if n.ControlPlane() {
		c.RegisterWithTaints = []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
	}
	return c, nil
}

// useCRIStats makes the kubelet take containers' and Pods' figures from the runtime: there are no
// cgroups to read. On other systems than Linux the kubelet can't do that for Pods, and adds up their containers.
func useCRIStats() error {
	if goruntime.GOOS != "linux" || utilfeature.DefaultFeatureGate.Enabled(features.PodAndContainerStatsFromCRI) {
		return nil
	}
	return utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{"PodAndContainerStatsFromCRI": true})
}

func dependencies(l sandbox.Layout, n sandbox.Node, dir string, mounted *mounts, cfg *rest.Config, rt *runtime.Runtime, serving *tls.Config, beats *pulse.Pulse, swap func(*kubelet.Kubelet)) (*kubelet.Dependencies, error) {
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("set up kubelet: %w", err)
	}
	beat := rest.CopyConfig(cfg)
	beat.Timeout = 3 * time.Second // less than the lease lasts
	alive, err := kubernetes.NewForConfig(beat)
	if err != nil {
		return nil, fmt.Errorf("set up kubelet: %w", err)
	}
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return &kubelet.Dependencies{
		KubeClient: client, HeartbeatClient: newHeartbeat(alive, beats),
		RemoteRuntimeService: rt, RemoteImageService: rt,
		CAdvisorInterface:         &machine{name: n.Name, started: time.Now(), used: rt},
		OSInterface:               hostFiles{logs: filepath.Join(dir, "log-links"), name: n.Name},
		ContainerManager:          manager{cm.NewStubContainerManager(), rt},
		OOMAdjuster:               oom.NewFakeOOMAdjuster(),
		Mounter:                   mounted,
		Subpather:                 &subpaths{},
		HostUtil:                  hostUtil{hostutil.NewHostUtil()},
		VolumePlugins:             volumePlugins(l, filepath.Join(dir, "disk")),
		PodStartupLatencyTracker:  kubeletutil.NewPodStartupLatencyTracker(),
		NodeStartupLatencyTracker: kubeletutil.NewNodeStartupLatencyTracker(klog.TODO()),
		TracerProvider:            noop.NewTracerProvider(),
		Recorder:                  quiet{events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: n.Name}), beats},
		TLSConfig:                 serving,
		Options:                   []kubelet.Option{swap},
	}, nil
}

// volumePlugins are those that need nothing of the host; disk is the folder that stands for the node's disk.
func volumePlugins(l sandbox.Layout, disk string) (all []volume.VolumePlugin) {
	for _, p := range hostpath.ProbeVolumePlugins(volume.VolumeConfig{}) {
		all = append(all, nodeDisk{p, disk}, localDisk{nodeDisk{p, disk}})
	}
	for _, probe := range []func() []volume.VolumePlugin{
		emptydir.ProbeVolumePlugins, secret.ProbeVolumePlugins, configmap.ProbeVolumePlugins, downwardapi.ProbeVolumePlugins, projected.ProbeVolumePlugins,
	} {
		for _, p := range probe() {
			all = append(all, owned{p})
		}
	}
	return append(append(all, networkDisk{l}), image.ProbeVolumePlugins()...)
}

// serving is the TLS of the kubelet's server. The kubelet asks the API server who may call it only
// when it is given an authorizer; here one caller is let in, by name.
func serving(l sandbox.Layout, n sandbox.Node) (*tls.Config, error) {
	file := filepath.Join(l.PKI(), n.Name+"-serving")
	cert, err := tls.LoadX509KeyPair(file+".crt", file+".key")
	if err != nil {
		return nil, fmt.Errorf("read serving certificate: %w", err)
	}
	pem, err := os.ReadFile(filepath.Join(l.PKI(), "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("read authority: not a certificate")
	}
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		VerifyConnection: func(s tls.ConnectionState) error {
			if who := s.PeerCertificates[0].Subject.CommonName; who != apiServerClient {
				return fmt.Errorf("%s may not call a kubelet", who)
			}
			return nil
		},
	}, nil
}
