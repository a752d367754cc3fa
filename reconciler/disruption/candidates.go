package disruption

import (
	"cmp"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// Rules converts the options of a Service into the rules of its election.
func Rules(options config.Options) election.Rules {
	return election.Rules{
		Strategy: election.Strategy(options.Strategy), Sticky: options.Sticky, MinReady: options.MinReady,
		MinReadyUnprobed: options.MinReadyUnprobed, NotReadyGrace: options.NotReadyGrace, Preferred: options.PreferredLeader,
		Paused: options.Paused,
	}
}

// Candidates converts the pods of a Service into candidates for an election, in the same order.
func Candidates(
	pods []*corev1.Pod, disruptions Disruptions, ports []corev1.ServicePort, families []discoveryv1.AddressType, options config.Options,
	tuning config.Tuning,
) []election.Candidate {
	all := make([]election.Candidate, 0, len(pods))
	elections := options.ElectionOr(tuning)
	for _, pod := range pods {
		c := candidate(pod, disruptions[pod.UID], ports, families, elections)
		c.Excluded = cmp.Or(disruptions[pod.UID].Outsider, config.Excluded(pod, options.CandidateCondition))
		all = append(all, c)
	}
	return all
}

func candidate(
	pod *corev1.Pod, disruption Disruption, ports []corev1.ServicePort, families []discoveryv1.AddressType, tuning config.ElectionTuning,
) election.Candidate {
	c := election.Candidate{
		UID: string(pod.UID), Name: pod.Name, Node: pod.Spec.NodeName, Created: pod.CreationTimestamp.Time,
		Terminating: pod.DeletionTimestamp != nil,
		Ordinal:     ordinal(pod),
		Announced:   disruption.announced,
		NodeUnknown: disruption.nodeUnknown || trim.MarkedNotReady(pod),

		OnPreferredNode: disruption.onPreferredNode,
		Workload:        string(disruption.workload),
		Outdated:        disruption.outdated,
		Restarted:       trim.HasCrashed(pod),
		Finite:          trim.RunsToCompletion(pod),
		Unprobed:        !config.Probed(&pod.Spec),
	}
	if c.Missing, c.Problem = Shortcomings(pod, ports, families); trim.TooLarge(pod) {
		c.Problem = trim.TooLargePod
	}
	// An invalid priority counts as 0. The failover controller sends an Event about it.
	c.Priority, _ = config.ParsePriority(pod.Annotations)
	if ready := store.PodCondition(pod, corev1.PodReady); ready != nil {
		c.Ready = ready.Status == corev1.ConditionTrue
		c.ReadySince = ready.LastTransitionTime.Time
	}
	if tuning.HandoverOnScaleDown {
		c.DeletionCost = deletionCost(pod)
	}
	if disrupted := store.PodCondition(pod, corev1.DisruptionTarget); tuning.HandoverOnDisruptionTarget &&
		disrupted != nil && disrupted.Status == corev1.ConditionTrue {
		c.Announced = election.AnnouncedDisruption // replaces the others: of all announcements, this one comes true first
	}
	return c
}

// deletionCost returns the pod's controller.kubernetes.io/pod-deletion-cost. The API server refuses a value that is not a number, and a
// ReplicaSet counts such a value as 0, too.
func deletionCost(pod *corev1.Pod) int {
	cost, err := strconv.ParseInt(pod.Annotations[corev1.PodDeletionCost], 10, 32)
	if err != nil {
		return 0
	}
	return int(cost)
}
