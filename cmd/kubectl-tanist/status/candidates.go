package status

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// candidates returns the warnings about who may lead: a preferred pod that does not exist, annotations of pods that are wrong, and a leader
// that nobody can follow.
func (f findings) candidates(l Leader) []Warning {
	if !f.PodsKnown {
		return nil
	}
	var all []Warning
	if preferred := f.wanted.PreferredLeader; preferred != "" {
		if pod := f.podNamed(preferred); pod == nil {
			all = append(all, Warning{NoPreferredLeader, f.notPreferred(preferred)})
		} else if why := f.excludedPreferred(pod); why != "" {
			all = append(all, Warning{NoPreferredLeader, why})
		}
	}
	all = append(all, f.wrongOnPods()...)
	// Several pods of which one is ready, as in a rollout, are no single candidate. A leader that is not ready has a warning of its own.
	if l.Leader != nil && l.Leader.State == PodReady && len(f.pods) == 1 {
		all = append(all, Warning{SingleCandidate, "no other pod can follow " + l.Leader.Name + ": the Service selects no other"})
	}
	return all
}

func (f findings) podNamed(name string) *corev1.Pod {
	for _, pod := range f.pods {
		if pod.Name == name {
			return pod
		}
	}
	return nil
}

// notPreferred returns what the annotation for a preferred leader names instead of a pod of the Service.
func (f findings) notPreferred(name string) string {
	for _, pod := range f.Pods {
		if pod.Namespace == f.Service.Namespace && pod.Name == name {
			return fmt.Sprintf("%s names pod %s, which the Service does not select or which has finished", config.PreferredLeaderKey, name)
		}
	}
	return fmt.Sprintf("%s names pod %s, which does not exist; the other rules decide until it does", config.PreferredLeaderKey, name)
}

// wrongOnPods returns a warning for each annotation that is wrong on any of the pods.
func (f findings) wrongOnPods() []Warning {
	var all []Warning
	add := func(key, instead string, wrong func(*corev1.Pod) error) {
		var found []string
		for _, pod := range f.pods {
			if err := wrong(pod); err != nil {
				found = append(found, "pod "+pod.Name+": "+err.Error())
			}
		}
		if len(found) > 0 {
			all = append(all, Warning{WrongPodAnnotation + " " + strings.TrimPrefix(key, config.Domain+"/"), list(found) + "; until it is corrected, " + instead})
		}
	}
	add(config.PriorityKey, "the priority is 0", func(pod *corev1.Pod) error {
		_, err := config.ParsePriority(pod.Annotations)
		return err
	})
	add(config.CandidateKey, "the pod may lead", func(pod *corev1.Pod) error {
		_, err := config.ParseCandidate(pod.Annotations)
		return err
	})
	add(config.DrainWindowKey, "pods get the drain window that their Services ask for", func(pod *corev1.Pod) error {
		if wrong := config.PodWindowFor(pod, 0).Wrong; wrong != nil {
			return wrong
		}
		return nil
	})
	return all
}
