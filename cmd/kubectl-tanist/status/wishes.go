package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// wishes adds what a Service asks for only if its user has said so. A wrong annotation asks for nothing.
func (o *Options) wishes(options config.Options) {
	o.Paused = options.Paused
	if options.HandoverOn != nil {
		o.HandoverOn = cmp.Or(strings.Join(options.HandoverOn, ","), config.NoAnnouncement)
	}
	o.CandidateCondition, o.PreferredNodes = options.CandidateCondition, options.PreferredNodes
	o.FollowLease = options.FollowLease
	if after := options.AfterHandover.String(); after != config.AfterHandoverNone {
		o.AfterHandover = after
	}
	if options.LeaderServiceType != config.TypeClusterIP {
		o.LeaderServiceType = string(options.LeaderServiceType)
	}
	o.ExternalTrafficPolicy, o.LoadBalancerClass = string(options.ExternalTrafficPolicy), options.LoadBalancerClass
}

// Wishes lists what a Service asks for besides the options that every Service has, as names of annotations and values.
func (o Options) Wishes() []string {
	var all []string
	add := func(key, value string) {
		if value != "" {
			all = append(all, strings.TrimPrefix(key, config.Domain+"/")+"="+value)
		}
	}
	if o.Paused {
		add(config.PausedKey, "true")
	}
	add(config.HandoverOnKey, o.HandoverOn)
	add(config.CandidateConditionKey, o.CandidateCondition)
	add(config.PreferredNodesKey, o.PreferredNodes)
	add(config.FollowLeaseKey, o.FollowLease)
	add(config.AfterHandoverKey, o.AfterHandover)
	add(config.LeaderServiceTypeKey, o.LeaderServiceType)
	add(config.ExternalTrafficPolicyKey, o.ExternalTrafficPolicy)
	add(config.LoadBalancerClassKey, o.LoadBalancerClass)
	return all
}

// wishWarnings returns the warnings about what a Service asks for: what a pause holds back, a leader that should not lead, an old leader that
// should be evicted, and a leader Service of another type.
func (f findings) wishWarnings(l Leader) []Warning {
	if f.leaderService == nil {
		return nil
	}
	var all []Warning
	if f.wanted.Paused {
		all = append(all, f.paused())
	}
	if f.leaderPod != nil && f.wanted.FollowLease == "" {
		if why := f.excluded(f.leaderPod); why != "" {
			all = append(all, Warning{ExcludedLeader, l.Leader.Name + " leads although " + why +
				": it serves, and gives way to the first pod that may lead, has been ready for long enough and stays"})
		}
	}
	if old := f.oldLeader(); old != nil && f.wanted.AfterHandover.Evict {
		all = append(all, Warning{OldLeaderStays, fmt.Sprintf("%s led before and still serves, so connections may stay on it; %s asks for its eviction, which takes a "+
			"second at least, may wait for a disruption budget, and is given up after half a minute: kubectl describe service %s --namespace %s",
			old.Name, config.AfterHandoverKey, f.Service.Name, f.Service.Namespace)})
	}
	if is := config.LeaderServiceTypeOf(f.leaderService); is != f.wanted.LeaderServiceType && !slices.Contains(wrongKeys(f.wrong), config.LeaderServiceTypeKey) {
		all = append(all, Warning{OtherType, fmt.Sprintf("Service %s is %s, and %s asks for %s; Tanist has yet to change it, or its write is refused",
			f.leaderService.Name, is, config.LeaderServiceTypeKey, f.wanted.LeaderServiceType)})
	}
	return all
}

// oldLeader returns the pod from which the last hand-over has taken the leadership, if it still serves; nil if there is none.
func (f findings) oldLeader() *corev1.Pod {
	for _, slice := range named(f.leaderService, f.Slices) {
		old := leaderslice.Parse(slice).OldLeader
		for _, pod := range f.pods {
			if madeSlice(slice, f.leaderService) && pod.UID == old.UID && pod != f.leaderPod && Ready(pod) {
				return pod
			}
		}
	}
	return nil
}

// paused says what a pause holds back, as the condition of the leader Service says it.
func (f findings) paused() Warning {
	end := fmt.Sprintf("to end the pause: kubectl annotate service %s --namespace %s %s-", f.Service.Name, f.Service.Namespace, config.PausedKey)
	condition := meta.FindStatusCondition(f.leaderService.Status.Conditions, config.HandoversPausedCondition)
	switch {
	case condition == nil || condition.Status != metav1.ConditionTrue:
		return Warning{Paused, "only a leader that is lost is replaced; " + end}
	case condition.Reason == NothingHeldBack:
		return Warning{Paused, "only a leader that is lost is replaced, and nothing is held back now; " + end}
	}
	return Warning{HeldBack, "the leader moves when the pause ends (" + condition.Reason + "); " + end}
}

// excluded says why a pod is not made leader although it may serve; empty if it may be, as far as the pod alone shows it.
func (f findings) excluded(pod *corev1.Pod) string {
	return cmp.Or(disruption.EvidentOutsider(pod, f.wanted.SameController), config.Excluded(pod, f.wanted.CandidateCondition))
}

// excludedPreferred says why the preferred pod is not made leader; empty if it may be.
func (f findings) excludedPreferred(pod *corev1.Pod) string {
	why := f.excluded(pod)
	if why == "" {
		return ""
	}
	return fmt.Sprintf("%s names pod %s, which is not made leader: %s", config.PreferredLeaderKey, pod.Name, why)
}
