package leaderservice

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// The remedies in these warnings must not take a leader away.

// nameTakenWarning is about a Service that has the leader Service's name and is not ours.
func (in input) nameTakenWarning() notify.Warning {
	warning := notify.Warning{Object: in.source, Related: in.nameHolder, Reason: notify.ReasonLeaderServiceTaken, Action: notify.ActionMirror}
	if in.otherOwner != nil {
		warning.Note = fmt.Sprintf("Service %s is the leader Service of Service %s: choose another name for this Service's with %s",
			in.nameHolder.Name, in.otherOwner.Name, config.LeaderServiceKey)
		return warning
	}
	warning.Note = fmt.Sprintf("Service %s was not created by Tanist, so Tanist does not change it: choose another name with %s",
		in.nameHolder.Name, config.LeaderServiceKey)
	return warning
}

// otherInstallationWarning is about a leader Service that another installation of Tanist serves.
func (in input) otherInstallationWarning() notify.Warning {
	return notify.Warning{
		Object: in.source, Related: in.existing, Reason: notify.ReasonOtherInstallation, Action: notify.ActionMirror,
		Note: fmt.Sprintf("Service %s is served by the Tanist in namespace %s, and the one in namespace %s leaves it alone. Remove one of the two: "+
			"if you remove the first, the second takes over ten minutes after the Lease of the first has gone",
			in.existing.Name, in.existing.Annotations[config.InstallationKey], in.installation),
	}
}

// excludedWarning is about a Service that asks for a leader Service in a namespace that never opts in.
func (in input) excludedWarning() notify.Warning {
	return notify.Warning{
		Object: in.source, Reason: notify.ReasonInvalidService, Action: notify.ActionMirror,
		Note: fmt.Sprintf("namespace %s cannot opt in, so its label %s has no effect and Service %s gets no leader Service: move the Service to "+
			"another namespace. Kubernetes' own namespace kube-system and the one that Tanist runs in are left out",
			in.source.Namespace, config.EnabledKey, in.source.Name),
	}
}

// optedOutWarning is about a namespace that has opted out, and whose leader Services are deleted at the end of the grace period.
func (in input) optedOutWarning(end time.Time) notify.Warning {
	if in.excluded {
		warning := in.excludedWarning()
		warning.Related = in.existing
		warning.Note = fmt.Sprintf("namespace %s cannot opt in: leader Service %s keeps working until it is deleted at %s. "+
			"Move Service %s to another namespace before",
			in.source.Namespace, in.existing.Name, end.UTC().Format(time.RFC3339), in.source.Name)
		return warning
	}
	return notify.Warning{
		Object: in.source, Related: in.existing, Reason: notify.ReasonNamespaceOptedOut, Action: notify.ActionMirror,
		Note: fmt.Sprintf("namespace %s no longer has the label %s=true: leader Service %s keeps working until it is deleted at %s. "+
			"To keep it, set the label again",
			in.source.Namespace, config.EnabledKey, in.existing.Name, end.UTC().Format(time.RFC3339)),
	}
}

// lostPodsWarning is about a source Service that can no longer have a leader, and whose leader Service is deleted at the end of the grace
// period.
func (in input) lostPodsWarning(end time.Time) notify.Warning {
	return notify.Warning{
		Object: in.source, Related: in.existing, Reason: notify.ReasonInvalidService, Action: notify.ActionMirror,
		Note: fmt.Sprintf("Service %s has no selector or no ports, or is an external name, so no pod can lead: leader Service %s stays as it is "+
			"until it is deleted at %s. To keep it, give the Service its selector and ports again",
			in.source.Name, in.existing.Name, end.UTC().Format(time.RFC3339)),
	}
}

// invalidWarnings are about what a source Service asks for and cannot have.
func (in input) invalidWarnings() []notify.Warning {
	if enabled := in.source.Annotations[config.EnabledKey]; enabled == "" || enabled == "false" {
		return nil
	}
	var warnings []notify.Warning
	if trim.TooLarge(in.source) {
		warnings = append(warnings, notify.Warning{
			Object: in.source, Reason: notify.ReasonInvalidService, Action: notify.ActionRead,
			Note: "Service " + in.source.Name + " " + trim.TooLargeService,
		})
	}
	for _, err := range in.invalid {
		warning := notify.Warning{Object: in.source, Reason: notify.ReasonInvalidService, Action: notify.ActionRead, Note: err.Error()}
		if strings.HasPrefix(err.Field, "metadata.annotations") {
			warning.Reason = notify.ReasonInvalidAnnotation
			warning.Note += "; the last good value, or the default, is in force until it is corrected"
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// contestedWarning is about a repair that someone keeps undoing.
func (in input) contestedWarning(change *serviceChange) notify.Warning {
	name, namespace := change.current.Name, change.current.Namespace
	return notify.Warning{
		Object: in.source, Related: change.current, Reason: notify.ReasonContested, Action: notify.ActionMirror,
		Note: fmt.Sprintf("someone keeps changing Service %s, and Tanist keeps changing it back (%s). To see who, run "+
			"kubectl get service %s --namespace %s --show-managed-fields -o yaml",
			name, strings.Join(change.partNames(), ", "), name, namespace),
	}
}

// slowedWarning is about a leader Service that has to be written again and again.
func (in input) slowedWarning() notify.Warning {
	return notify.Warning{
		Object: in.source, Reason: notify.ReasonWritesSlowed, Action: notify.ActionMirror,
		Note: fmt.Sprintf("the leader Service of Service %s has to be written again and again, so Tanist does so at most three times a second, "+
			"and less often if this is so for many Services of the namespace. "+
			"Look for what changes one of the two Services: kubectl get services --namespace %s --show-managed-fields -o yaml",
			in.source.Name, in.source.Namespace),
	}
}

// foreignSliceWarning is about a slice that is not ours and takes a share of the leader Service's traffic.
func (in input) foreignSliceWarning(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) notify.Warning {
	warning := notify.Warning{Object: in.source, Related: slice, Reason: notify.ReasonForeignSlice, Action: notify.ActionMirror}
	if in.mirrorsUserEndpoints(slice) {
		warning.Note = fmt.Sprintf("EndpointSlice %s takes traffic of Service %s past the leader. It is Kubernetes' copy of Endpoints %s, "+
			"which was created by hand, so Tanist does not change it: delete that Endpoints object, and the copy is deleted with it",
			slice.Name, leaderService.Name, leaderService.Name)
		return warning
	}
	maker := cmp.Or(slice.Labels[discoveryv1.LabelManagedBy], "an unknown program")
	warning.Note = fmt.Sprintf("EndpointSlice %s takes traffic of Service %s past the leader. It was created by %s, so Tanist does not change it: "+
		"first stop what creates it, then remove its label %s or delete it",
		slice.Name, leaderService.Name, maker, discoveryv1.LabelServiceName)
	return warning
}
