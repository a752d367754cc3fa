package doctor

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestInstallation(t *testing.T) {
	const deployment = "Deployment tanist-system/tanist: "
	run(t, map[string]test{
		"Tanist is not installed": {
			func(f *facts) { f.deployment = none[*appsv1.Deployment]() },
			[]string{"failed deployment: namespace tanist-system: there is no Deployment tanist", "skipped replicas: there is no Deployment"},
		},
		"the user may not read Tanist's namespace": {
			func(f *facts) {
				f.deployment, f.replicas, f.leases = denied[*appsv1.Deployment]("Deployments"), denied[[]*corev1.Pod]("pods"), denied[[]*coordinationv1.Lease]("Leases")
				f.metrics = nil
			},
			[]string{
				"skipped deployment: may not read Deployments", "skipped replicas: may not read Deployments", "skipped versions: may not read pods",
				"skipped plugin: may not read pods", "skipped lease: may not read Leases", "skipped leases: may not read Leases",
				"skipped tuning-replicas: may not read pods", "skipped deletions-admitted: may not read pods",
			},
		},
		"a replica is not ready": {
			func(f *facts) {
				f.deployment.value.Status.ReadyReplicas = 1
				pod := f.replicas.value[1]
				pod.Status.Conditions[0].Status = corev1.ConditionFalse
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
			},
			[]string{"failed replicas: " + deployment + "1 of 2 replicas are ready; tanist-2: ImagePullBackOff"},
		},
		"a rollout is stuck, and the old replicas are ready": {
			func(f *facts) { f.deployment.value.Status.Replicas, f.deployment.value.Status.UpdatedReplicas = 3, 1 },
			[]string{"failed replicas: " + deployment + "2 of 2 replicas are ready; the rollout is not complete: 1 of 3 are of the newest revision"},
		},
		"no replica is wanted": {
			func(f *facts) {
				f.deployment.value.Spec.Replicas, f.deployment.value.Status.ReadyReplicas = new(int32(0)), 0
			},
			[]string{
				"warned deployment: " + deployment + "it has 0 replicas, so none takes over when one is lost",
				"failed replicas: " + deployment + "0 of 0 replicas are ready",
			},
		},
		"a replica is of an older version": {
			func(f *facts) {
				f.replicas.value[1].Labels[versionLabel], f.replicas.value[1].Spec.Containers[0].Image = "0.0.9", "tanist:0.0.9"
			},
			[]string{"warned versions: " + deployment + "its replicas run 0.0.9 (tanist:0.0.9) and 0.1.0 (tanist:0.1.0)"},
		},
		"the plugin is older": {
			func(f *facts) { f.version = "v0.0.9" },
			[]string{"warned plugin: this plugin: its version is v0.0.9, and replica tanist-1 has 0.1.0: it may not know what that replica does"},
		},
		"the plugin is newer": {change: func(f *facts) { f.version = "v0.2.0" }},
		"the plugin has no version": {
			func(f *facts) { f.version = "dev" }, []string{"skipped plugin: this plugin is a build without a version: dev"},
		},
		"nobody renews the Lease": {
			func(f *facts) { f.leases.value[0].Spec.RenewTime.Time = gen.T0.Add(-5 * time.Minute) },
			[]string{"failed lease: Tanist: its Lease in namespace tanist-system was last renewed 5m ago"},
		},
		"the Lease was given back a moment ago": {
			func(f *facts) { f.leases.value[0].Spec.HolderIdentity = new("") },
			[]string{"warned lease: Tanist: no replica holds its Lease in namespace tanist-system: the holder has ended; another replica takes it within seconds"},
		},
		"the Lease was given back, and nobody took it": {
			func(f *facts) {
				f.leases.value[0].Spec.HolderIdentity = new("")
				f.leases.value[0].Spec.RenewTime.Time = f.now.Add(-11 * time.Second)
			},
			[]string{"failed lease: Tanist: no replica holds its Lease in namespace tanist-system"},
		},
		"there is no Lease": {
			func(f *facts) { f.leases.value = nil },
			[]string{"failed lease: Tanist: there is no Lease tanist in namespace tanist-system (set --tanist-namespace if Tanist is elsewhere)"},
		},
		"a Lease of a replica that is gone": {
			func(f *facts) { f.replicas.value = f.replicas.value[1:] },
			[]string{"warned leases: Lease tanist-system/tanist-tanist-1: its replica is gone"},
		},
	})
}

func TestTuning(t *testing.T) {
	const (
		tuning = "ConfigMap tanist-system/tanist-tuning: "
		wrong  = `data[tuning.yaml].commit.concurrency: Invalid value: 0: must be from 1 to 256`
	)
	other := config.DefaultTuning()
	other.Commit.Concurrency = 3
	write := func(tuning, state string) func(*facts) {
		return func(f *facts) {
			f.tuning.value, f.state.value = configMap(config.TuningConfigMap, tuning), configMap(config.TuningState, state)
		}
	}
	run(t, map[string]test{
		"the tuning is wrong": {
			write("commit: {concurrency: 0}", "{}"), []string{"failed tuning: " + tuning + wrong + "; the last good tuning is in force"},
		},
		"the tuning is wrong, and none is saved": {
			func(f *facts) {
				f.tuning.value = configMap(config.TuningConfigMap, "commit: {concurrency: 0}")
				f.state.value.Data = nil
			},
			[]string{"failed tuning: " + tuning + wrong + "; the defaults are in force"},
		},
		"there is no state": {
			func(f *facts) { f.state = none[*corev1.ConfigMap]() },
			[]string{"failed tuning-saved: ConfigMap tanist-system/tanist-state: it does not exist, so no good tuning outlasts a wrong one"},
		},
		"there is no tuning": {change: func(f *facts) {
			f.tuning = none[*corev1.ConfigMap]()
			f.state.value.Data[config.TuningKey] = ""
		}},
		"the state is not of this version": {
			write("{}", "unknown: 1"),
			[]string{`warned tuning-saved: ConfigMap tanist-system/tanist-state: this version cannot read the last good tuning in it: data[tuning.yaml].unknown: Unsupported value: "unknown": supported values: "apiVersion", "cache", "commit", "election", "grant", "kind", "observe", "retry"`},
		},
		"the tuning is not saved": {
			write("commit: {concurrency: 16}", "{}"),
			[]string{"warned tuning-saved: ConfigMap tanist-system/tanist-state: the Lease holder has not saved the present tuning, so it may not have it in force; it takes some seconds"},
		},
		"a replica has another tuning in force": {
			write("commit: {concurrency: 3}", "commit: {concurrency: 3}"),
			[]string{
				"failed tuning-replicas: pod tanist-system/tanist-1: it has the tuning " + config.DefaultTuning().Hash() + " in force, and the ConfigMaps say " + other.Hash(),
				"failed tuning-replicas: pod tanist-system/tanist-2: it has the tuning " + config.DefaultTuning().Hash() + " in force, and the ConfigMaps say " + other.Hash(),
			},
		},
		"the replicas are of another version and agree": {change: func(f *facts) {
			for _, pod := range f.replicas.value {
				pod.Labels[versionLabel] = "0.0.9"
			}
			write("commit: {concurrency: 3}", "commit: {concurrency: 3}")(f)
		}},
		"the user may not read the tuning": {
			func(f *facts) {
				f.tuning, f.state = denied[*corev1.ConfigMap]("ConfigMap tanist-tuning"), denied[*corev1.ConfigMap]("x")
			},
			[]string{
				"skipped tuning: may not read ConfigMap tanist-tuning", "skipped tuning-saved: may not read ConfigMap tanist-tuning",
				"skipped tuning-replicas: may not read ConfigMap tanist-tuning",
			},
		},
		"replicas do not show their metrics": {
			func(f *facts) { f.metrics["tanist-2"] = reading[samples]{unread: "replicas are shy"} },
			[]string{"skipped tuning-replicas: replicas are shy", "skipped deletions-admitted: replicas are shy"},
		},
	})
}

func TestWhyNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		status corev1.PodStatus
		want   string
	}{
		"it has no node": {
			corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "no room"}}}, "no room",
		},
		"nothing is said": {corev1.PodStatus{Phase: corev1.PodPending}, "it is Pending"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := whyNotReady(&corev1.Pod{Status: test.status}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := whyNotReady(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}}); got != "it is being deleted" {
		t.Errorf("got %q", got)
	}
}
