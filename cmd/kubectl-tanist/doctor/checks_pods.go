package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

var podChecks = applying([]check{
	{"readiness-probe", pods, "candidates have a readiness probe", eachPod("add a readinessProbe to the pod template: an httpGet, grpc or tcpSocket",
		func(_ *leader, pod *corev1.Pod) string {
			if config.Probed(&pod.Spec) {
				return ""
			}
			return "no probe asks whether it answers, so it counts as ready as soon as its containers have started, and Tanist notices neither its crash nor a hang"
		})},
	{"drain-window", pods, "candidates keep serving for a while when they are deleted", eachPod("see the page below before you restart anything",
		func(l *leader, pod *corev1.Pod) string { return status.Windowless(pod, l.window) })},
	{"grace-period", pods, "candidates have time to end after their drain window", eachPod("set terminationGracePeriodSeconds in the pod template",
		func(_ *leader, pod *corev1.Pod) string { return graceProblem(&pod.Spec) })},
}, nobodyServed)

// graceProblem returns why the kubelet kills a pod while its drain window lasts: the grace period counts from the deletion on, and the preStop
// sleep is a part of it.
func graceProblem(spec *corev1.PodSpec) string {
	window, _ := config.DrainWindowOf(spec)
	grace := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if spec.TerminationGracePeriodSeconds != nil {
		grace = *spec.TerminationGracePeriodSeconds
	}
	if window <= 0 || grace > int64(window/time.Second) {
		return ""
	}
	return fmt.Sprintf("its preStop sleep takes %s of a grace period of %ds, so it is killed while it still answers requests", window, grace)
}

// eachPod returns a check of all candidates. It warns once for each Service and text.
func eachPod(remedy string, wrong func(*leader, *corev1.Pod) string) func(*facts) findings {
	return func(f *facts) (found findings) {
		if reason := unread(f.services.unread, f.pods.unread); reason != "" {
			return skip(reason)
		}
		for _, l := range f.served() {
			names := map[string][]string{}
			for _, pod := range l.staying() {
				if text := wrong(&l, pod); text != "" {
					names[text] = append(names[text], pod.Name)
				}
			}
			for _, text := range slices.Sorted(maps.Keys(names)) {
				found.warn(l.about(), nameSome(names[text])+": "+text, remedy)
			}
		}
		return found
	}
}

// staying returns the candidates that are not being deleted.
func (l *leader) staying() []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(l.pods), func(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil })
}

// nameSome names the first pods and counts the others. What follows is about each of them.
func nameSome(names []string) string {
	text := nameThem(names)
	if len(names) > 1 {
		text += " (each)"
	}
	return text
}

// nameThem names the first pods and counts the others.
func nameThem(names []string) string {
	const shown = 3
	slices.Sort(names)
	text := strings.Join(names[:min(shown, len(names))], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
