package realness

import (
	corev1 "k8s.io/api/core/v1"
)

// containers are all of a Pod's but those that debug it, which come later.
func containers(p *corev1.Pod) []corev1.Container {
	return append(append([]corev1.Container{}, p.Spec.InitContainers...), p.Spec.Containers...)
}

func anyContainer(ok func(corev1.Container) bool) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool {
		for _, c := range containers(p) {
			if ok(c) {
				return true
			}
		}
		return false
	}
}

func anyContext(ok func(*corev1.SecurityContext) bool) func(*corev1.Pod) bool {
	return anyContainer(func(c corev1.Container) bool { return c.SecurityContext != nil && ok(c.SecurityContext) })
}

func anyVolume(ok func(corev1.VolumeSource) bool) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool {
		for _, v := range p.Spec.Volumes {
			if ok(v.VolumeSource) {
				return true
			}
		}
		return false
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

func asksForCPULimit(p *corev1.Pod) bool {
	return anyContainer(func(c corev1.Container) bool { return !c.Resources.Limits.Cpu().IsZero() })(p) ||
		p.Spec.Resources != nil && !p.Spec.Resources.Limits.Cpu().IsZero()
}

func asksForUsers(p *corev1.Pod) bool {
	if s := p.Spec.SecurityContext; s != nil && (s.RunAsUser != nil || s.RunAsGroup != nil || len(s.SupplementalGroups) > 0) {
		return true
	}
	return anyContext(func(s *corev1.SecurityContext) bool { return s.RunAsUser != nil || s.RunAsGroup != nil })(p)
}

func asksForPrivileges(p *corev1.Pod) bool {
	if p.Spec.HostPID || p.Spec.HostIPC {
		return true
	}
	if s := p.Spec.SecurityContext; s != nil && (s.SeccompProfile != nil || s.AppArmorProfile != nil || s.SELinuxOptions != nil) {
		return true
	}
	return anyContext(func(s *corev1.SecurityContext) bool {
		return isTrue(s.Privileged) || s.Capabilities != nil || s.AllowPrivilegeEscalation != nil ||
			s.SeccompProfile != nil || s.AppArmorProfile != nil || s.SELinuxOptions != nil
	})(p)
}
