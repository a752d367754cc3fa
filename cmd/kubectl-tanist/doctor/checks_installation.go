package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/version"

	installed "github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// versionLabel is the label in which the chart names the version.
const versionLabel = "app.kubernetes.io/version"

var installationChecks = []check{
	{"deployment", installation, "Tanist is installed", checkDeployment},
	{"replicas", installation, "all replicas are ready", checkReplicas},
	{"versions", installation, "all replicas are of one version", checkVersions},
	{"plugin", installation, "this plugin is as new as the replicas", checkPlugin},
	{"lease", installation, "a replica holds the Lease and renews it", checkLease},
	{"leases", installation, "no replica that is gone has left a Lease behind", checkLeases},
}

func checkDeployment(f *facts) (found findings) {
	switch {
	case f.deployment.unread != "":
		return skip(f.deployment.unread)
	case !f.deployment.found:
		found.fail("namespace "+f.tanistNamespace, "there is no Deployment "+config.ReplicaName,
			"install Tanist, or name its namespace with --tanist-namespace")
	case f.deployment.value.Spec.Replicas != nil && *f.deployment.value.Spec.Replicas < 2:
		found.warn(f.aboutDeployment(), fmt.Sprintf("it has %d replicas, so none takes over when one is lost", *f.deployment.value.Spec.Replicas),
			"set the chart's value replicas to 2")
	}
	return found
}

func (f *facts) aboutDeployment() string {
	return "Deployment " + f.tanistNamespace + "/" + config.ReplicaName
}

func checkReplicas(f *facts) (found findings) {
	if !f.deployment.found {
		return skip(unread(f.deployment.unread, "there is no Deployment"))
	}
	deployment := f.deployment.value
	wanted := int32(1)
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	state := deployment.Status
	// While a rollout is stuck, the old replicas are ready.
	complete := state.UpdatedReplicas >= wanted && state.Replicas == state.UpdatedReplicas
	if state.ObservedGeneration >= deployment.Generation && state.ReadyReplicas >= wanted && complete && wanted > 0 {
		return found
	}
	what := []string{fmt.Sprintf("%d of %d replicas are ready", state.ReadyReplicas, wanted)}
	if !complete {
		what = append(what, fmt.Sprintf("the rollout is not complete: %d of %d are of the newest revision", state.UpdatedReplicas, state.Replicas))
	}
	for _, pod := range f.replicas.value {
		if !status.Ready(pod) {
			what = append(what, pod.Name+": "+whyNotReady(pod))
		}
	}
	found.fail(f.aboutDeployment(), strings.Join(what, "; "), "kubectl describe pods -n "+f.tanistNamespace+" -l "+config.ReplicaNameKey+"="+config.ReplicaName)
	return found
}

// whyNotReady returns what a pod's status says.
func whyNotReady(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "it is being deleted"
	}
	for _, container := range pod.Status.ContainerStatuses {
		if waiting := container.State.Waiting; waiting != nil {
			return strings.TrimSpace(waiting.Reason + " " + waiting.Message)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if (condition.Type == corev1.PodReady || condition.Type == corev1.PodScheduled) && condition.Status != corev1.ConditionTrue && condition.Message != "" {
			return condition.Message
		}
	}
	return "it is " + string(pod.Status.Phase)
}

func checkVersions(f *facts) (found findings) {
	if f.replicas.unread != "" {
		return skip(f.replicas.unread)
	}
	if len(f.replicas.value) == 0 {
		return skip("there is no replica")
	}
	versions := sets.New[string]()
	for _, pod := range f.replicas.value {
		image := ""
		if len(pod.Spec.Containers) > 0 {
			image = pod.Spec.Containers[0].Image
		}
		versions.Insert(fmt.Sprintf("%s (%s)", pod.Labels[versionLabel], image))
	}
	if versions.Len() > 1 {
		found.warn(f.aboutDeployment(), "its replicas run "+strings.Join(sets.List(versions), " and "),
			"kubectl rollout status deployment "+config.ReplicaName+" -n "+f.tanistNamespace)
	}
	return found
}

func checkPlugin(f *facts) (found findings) {
	if f.replicas.unread != "" {
		return skip(f.replicas.unread)
	}
	if len(f.replicas.value) == 0 {
		return skip("there is no replica")
	}
	own, err := version.ParseGeneric(f.version)
	if err != nil {
		return skip("this plugin is a build without a version: " + f.version)
	}
	for _, pod := range f.replicas.value {
		theirs, err := version.ParseGeneric(pod.Labels[versionLabel])
		if err == nil && own.LessThan(theirs) {
			found.warn("this plugin", fmt.Sprintf("its version is %s, and replica %s has %s: it may not know what that replica does", f.version, pod.Name, theirs),
				"install the plugin of version "+theirs.String())
			break
		}
	}
	return found
}

func checkLease(f *facts) (found findings) {
	if f.leases.unread != "" {
		return skip(f.leases.unread)
	}
	var lease *coordinationv1.Lease
	if at := slices.IndexFunc(f.leases.value, isMainLease); at >= 0 {
		lease = f.leases.value[at]
	}
	problem := installed.LeaseProblem(lease, f.tanistNamespace, f.now)
	if problem != "" && givenBack(lease, f.now) {
		found.warn("Tanist", problem+": the holder has ended; another replica takes it within seconds", "kubectl tanist doctor --wait 20s")
		return found
	}
	if problem != "" {
		found.fail("Tanist", problem, "kubectl logs -n "+f.tanistNamespace+" deployment/"+config.ReplicaName)
	}
	return found
}

// givenBack reports whether a holder has given the Lease back so lately that the other replicas, which try every two seconds, need not have taken
// it yet. That is so for a moment in each rollout.
func givenBack(lease *coordinationv1.Lease, now time.Time) bool {
	return lease != nil && lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == "" &&
		lease.Spec.RenewTime != nil && now.Sub(lease.Spec.RenewTime.Time) < 10*time.Second
}
