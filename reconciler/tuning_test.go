package reconciler

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
)

func TestTuningIsPutInForce(t *testing.T) {
	key := types.NamespacedName{Namespace: "tanist-system", Name: config.TuningConfigMap}
	configMap := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, UID: "tuning"},
			Data:       map[string]string{config.TuningKey: text},
		}
	}
	v := viewsOf(t)
	elected := make(chan struct{})
	recorder := events.NewFakeRecorder(10)
	controller := &tuningController{
		views: v, store: config.NewStore(), elected: elected, recorder: recorder, complaints: newComplaints(),
		alarm: &alarm{views: v},
	}
	reconcile := func(wantDelay time.Duration, wantStale bool, wantAgain bool, wantEvents ...string) {
		t.Helper()
		result, err := controller.Reconcile(t.Context(), reconcile.Request{NamespacedName: key})
		if err != nil {
			t.Fatal(err)
		}
		if got := controller.store.Load().Commit.BackupDelay.Duration; got != wantDelay {
			t.Errorf("a delay of %s is in force, want %s", got, wantDelay)
		}
		if got := controller.store.Stale(); got != wantStale {
			t.Errorf("got stale %t, want %t", got, wantStale)
		}
		if got := result.RequeueAfter > 0; got != wantAgain {
			t.Errorf("looks again: %t, want %t", got, wantAgain)
		}
		var got []string
		for len(recorder.Events) > 0 {
			kind, rest, _ := strings.Cut(<-recorder.Events, " ")
			reason, _, _ := strings.Cut(rest, " ")
			got = append(got, kind+" "+reason)
		}
		if diff := cmp.Diff(wantEvents, got); diff != "" {
			t.Errorf("unexpected Events (-want +got):\n%s", diff)
		}
	}
	put := func(text string) {
		t.Helper()
		if err := v.configMaps.Add(configMap(text)); err != nil {
			t.Fatal(err)
		}
	}

	reconcile(50*time.Millisecond, false, false) // without a ConfigMap
	put("commit: {backupDelay: 70ms}")
	reconcile(70*time.Millisecond, false, false)
	put("commit: {backupDelay: soon}")
	reconcile(70*time.Millisecond, true, true) // another replica says so
	close(elected)
	reconcile(70*time.Millisecond, true, false, "Warning InvalidTuning")
	reconcile(70*time.Millisecond, true, false)
	put("commit: {backupDelay: 80ms}")
	reconcile(80*time.Millisecond, false, false)
	if err := v.configMaps.Delete(configMap("")); err != nil {
		t.Fatal(err)
	}
	reconcile(50*time.Millisecond, false, false)
}
