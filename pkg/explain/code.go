package explain

// Code is the stable name of a cause; scripts may rely on it.
type Code = string

// The codes of what is wrong.
const (
	ImagePull       Code = "ImagePull"
	ImagePullSecret Code = "ImagePullSecret"
	ImagePullPolicy Code = "ImagePullPolicy"
	ImageName       Code = "ImageName"

	CrashLoop     Code = "CrashLoop"
	OOMKilled     Code = "OOMKilled"
	BadCommand    Code = "BadCommand"
	InitFailing   Code = "InitFailing"
	RunAsNonRoot  Code = "RunAsNonRoot"
	HookFailed    Code = "HookFailed"
	ProbeFailing  Code = "ProbeFailing"
	ReadinessGate Code = "ReadinessGate"

	ConfigMissing    Code = "ConfigMissing"
	ConfigKeyMissing Code = "ConfigKeyMissing"
	VolumeNotReady   Code = "VolumeNotReady"
	ClaimMissing     Code = "ClaimMissing"
	ClaimClass       Code = "ClaimClass"
	ClaimUnbound     Code = "ClaimUnbound"
	ClaimInUse       Code = "ClaimInUse"

	NoRoom        Code = "NoRoom"
	NodeSelector  Code = "NodeSelector"
	Taint         Code = "Taint"
	Cordoned      Code = "Cordoned"
	PodAffinity   Code = "PodAffinity"
	VolumePlace   Code = "VolumePlace"
	Spread        Code = "Spread"
	HostPort      Code = "HostPort"
	Unschedulable Code = "Unschedulable"
	NoScheduler   Code = "NoScheduler"
	Gated         Code = "Gated"
	Preempted     Code = "Preempted"

	Failed           Code = "Failed"
	Evicted          Code = "Evicted"
	DeadlineExceeded Code = "DeadlineExceeded"
	Terminating      Code = "Terminating"
	Sandbox          Code = "Sandbox"

	SelectorMismatch Code = "SelectorMismatch"
	NoEndpoints      Code = "NoEndpoints"
	PortMismatch     Code = "PortMismatch"
	LoadBalancer     Code = "LoadBalancer"
	IngressBackend   Code = "IngressBackend"
	IngressClass     Code = "IngressClass"
	NetworkPolicy    Code = "NetworkPolicy"
	DNSName          Code = "DNSName"
	Forbidden        Code = "Forbidden"
	NoToken          Code = "NoToken"

	Quota                 Code = "Quota"
	LimitRange            Code = "LimitRange"
	PodSecurity           Code = "PodSecurity"
	ServiceAccountMissing Code = "ServiceAccountMissing"
	PriorityClassMissing  Code = "PriorityClassMissing"
	RuntimeClassMissing   Code = "RuntimeClassMissing"
	Webhook               Code = "Webhook"
	AdmissionPolicy       Code = "AdmissionPolicy"
	Refused               Code = "Refused"

	RolloutStuck       Code = "RolloutStuck"
	RolloutPaused      Code = "RolloutPaused"
	StatefulSetService Code = "StatefulSetService"
	DisruptionBudget   Code = "DisruptionBudget"
	JobFailed          Code = "JobFailed"
	JobDeadline        Code = "JobDeadline"
	HPANoMetrics       Code = "HPANoMetrics"
	HPANoRequests      Code = "HPANoRequests"
	HPANoTarget        Code = "HPANoTarget"

	NodeMissing          Code = "NodeMissing"
	NodeDown             Code = "NodeDown"
	NodePressure         Code = "NodePressure"
	NamespaceTerminating Code = "NamespaceTerminating"
	NotReady             Code = "NotReady"
	WrongVersion         Code = "WrongVersion"
	NoObject             Code = "NoObject"
)

// The codes of what is only on its way.
const (
	Starting  Code = "Starting"
	Restarted Code = "Restarted"
	Ending    Code = "Ending"
	Rolling   Code = "Rolling"
)

// CodeText is a code with what it means.
type CodeText struct {
	Code Code
	Text string
}

// Codes are all codes of what is wrong, in the order in which the documentation has them.
func Codes() []CodeText {
	return []CodeText{
		{ImagePull, "The image can't be pulled: its name, its tag or its registry is wrong, or the registry does not answer."},
		{ImagePullSecret, "The registry wants to know who pulls, and the pull secret is missing or refused."},
		{ImagePullPolicy, "The pull policy is Never, and the image is not on the node."},
		{ImageName, "What stands for the image can't be the name of one."},
		{CrashLoop, "A container ends, is started again, and ends again; with exit code, last words and how often."},
		{OOMKilled, "A container was killed since it took more memory than its limit."},
		{BadCommand, "The command, or a program that it calls, is not in the image or may not be run."},
		{InitFailing, "An init container fails, so the Pod's own containers never start."},
		{RunAsNonRoot, "The Pod must not run as root, and its image would."},
		{HookFailed, "A postStart hook fails, so the container is ended."},
		{ProbeFailing, "A liveness, readiness or startup probe fails; with what it asks, what it got and how often."},
		{ReadinessGate, "A readiness gate waits for a condition that is not true."},
		{ConfigMissing, "A ConfigMap or Secret that the Pod names is not there."},
		{ConfigKeyMissing, "The ConfigMap or Secret is there, and has no such key."},
		{VolumeNotReady, "A volume can't be mounted, for another reason than a missing ConfigMap or Secret."},
		{ClaimMissing, "The Pod names a PersistentVolumeClaim that is not there."},
		{ClaimClass, "A claim names a StorageClass that is not there."},
		{ClaimUnbound, "A claim has no volume: no class, no provisioner that answers, or no PersistentVolume that fits."},
		{ClaimInUse, "A claim was deleted and stays, since a Pod uses it."},
		{NoRoom, "No node has the CPU, memory or other resource left that the Pod asks for."},
		{NodeSelector, "No node has the labels that the Pod's, or the DaemonSet's, nodeSelector or node affinity asks for."},
		{Taint, "The nodes that could take the Pod have a taint that it does not tolerate."},
		{Cordoned, "The nodes that could take the Pod are closed for new Pods."},
		{VolumePlace, "No node that could take the Pod can have its volume: it is in use, bound to another node, or gone."},
		{PodAffinity, "The Pod's affinity or anti-affinity to other Pods leaves no node."},
		{Spread, "The Pod's topology spread constraints leave no node."},
		{HostPort, "The Pod wants a port of the node that another Pod has."},
		{Unschedulable, "The scheduler finds no node, for a reason that has no code of its own."},
		{NoScheduler, "The Pod names a scheduler that does not look at it."},
		{Gated, "The Pod has scheduling gates."},
		{Preempted, "The Pod had to go for one of higher priority, and there is no other place for it."},
		{Failed, "A Pod that is not started again ended with an error."},
		{Evicted, "The kubelet evicted the Pod: it wrote more than it may, or its node ran short."},
		{DeadlineExceeded, "The Pod ran longer than its activeDeadlineSeconds."},
		{Terminating, "What was deleted is still there: a finalizer holds it, or its node does not answer."},
		{Sandbox, "The container runtime can't make the Pod's sandbox."},
		{SelectorMismatch, "A Service's selector fits no Pod; with the difference to the labels that there are."},
		{NoEndpoints, "A Service has Pods and sends to none of them."},
		{PortMismatch, "A Service sends to a port by a name that its Pods do not have, or to one where connections are refused."},
		{LoadBalancer, "A Service of type LoadBalancer gets no address."},
		{IngressBackend, "An Ingress sends to a Service, or a port of one, that is not there."},
		{IngressClass, "An Ingress names an IngressClass that is not there."},
		{NetworkPolicy, "No rule of the NetworkPolicies lets a connection through that was tried, or anybody to a Service."},
		{DNSName, "A program looks for a name that no Service has."},
		{Forbidden, "The API server refused a request for want of rights; with who, what, and the rule that would allow it."},
		{NoToken, "A program asks the API server, and its Pod has no token to do so."},
		{Quota, "The namespace's quota is used up, for Pods or for their claims, or wants requests that the Pods do not have."},
		{LimitRange, "A LimitRange forbids Pods like these, or gives them a limit below what they ask for."},
		{PodSecurity, "The namespace's Pod security level forbids Pods like these."},
		{ServiceAccountMissing, "The Pods are to run as a ServiceAccount that is not there."},
		{PriorityClassMissing, "The Pods name a PriorityClass that is not there."},
		{RuntimeClassMissing, "The Pods name a RuntimeClass that is not there."},
		{Webhook, "An admission webhook refuses the Pods, or does not answer."},
		{AdmissionPolicy, "A ValidatingAdmissionPolicy refuses the Pods; with the expression that they fail."},
		{Refused, "The API server refuses the Pods, for a reason that has no code of its own."},
		{RolloutStuck, "A rollout passed its progress deadline, and no Pod says why."},
		{RolloutPaused, "A rollout is paused, and a change waits for it to go on."},
		{StatefulSetService, "A StatefulSet's Service is not there, so its Pods have no names."},
		{DisruptionBudget, "A PodDisruptionBudget lets no Pod leave a node that is to be emptied."},
		{JobFailed, "A Job gave up: its Pods failed more often than its back-off limit allows."},
		{JobDeadline, "A Job ran longer than its activeDeadlineSeconds."},
		{HPANoMetrics, "An autoscaler gets no metrics."},
		{HPANoRequests, "An autoscaler counts in percent of requests, and the Pods have none."},
		{HPANoTarget, "An autoscaler is to scale what is not there."},
		{NodeMissing, "The Pod is set to a node that is not there."},
		{NodeDown, "A node is NotReady."},
		{NodePressure, "A node is short of memory, disk or process IDs."},
		{NamespaceTerminating, "The namespace is being deleted and something in it stays."},
		{NotReady, "An object of a custom kind says in its conditions that it is not ready, stalled or failed."},
		{WrongVersion, "A manifest names an API version or a kind that the cluster does not serve."},
		{NoObject, "A document in a manifest can't be read, or has no apiVersion or no kind."},
	}
}
