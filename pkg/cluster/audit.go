package cluster

import "strings"

// AuditPolicy is the audit policy of practice clusters; users are those by whose names learners act.
// It keeps what a story about the cluster needs: every write, with the object that came of it, and
// what the learner did. Left out are the heartbeats and look-ups of the machinery, requests to Pods and
// Services that the API server hands on, of which a load has thousands, and the content of Secrets.
func AuditPolicy(users ...string) string {
	return strings.Replace(auditPolicy, "USERS", strings.Join(users, ", "), 1)
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: None
  resources:
  - {group: coordination.k8s.io}
  - {group: "", resources: [events]}
  - {group: events.k8s.io}
  - {group: authentication.k8s.io}
  - {group: authorization.k8s.io}
  - {group: "", resources: [serviceaccounts/token, services/proxy, pods/proxy]}
- level: Metadata
  users: [USERS]
  verbs: [get, list, watch]
  resources: [{group: ""}, {group: apps}, {group: batch}, {group: autoscaling}, {group: networking.k8s.io}]
- level: None
  verbs: [get, list, watch]
- level: None
  namespaces: [kube-system, kube-public, kube-node-lease]
  userGroups: [system:serviceaccounts, system:nodes, system:masters]
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
- level: RequestResponse
`
