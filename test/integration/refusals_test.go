//go:build integration

package integration_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// wantRefused checks what kubectl prints of an error, and that each wrong field is a cause of its own.
func wantRefused(t *testing.T, err error, webhook, what string, fields ...string) {
	t.Helper()
	want := fmt.Sprintf("admission webhook %q denied the request: %s", webhook, what)
	if err == nil || err.Error() != want {
		t.Fatalf("got  %v\nwant %s", err, want)
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		t.Fatalf("got %T", err)
	}
	var got []string
	for _, cause := range status.Status().Details.Causes {
		got = append(got, cause.Field)
	}
	if diff := cmp.Diff(fields, got); diff != "" {
		t.Errorf("unexpected causes (-want +got):\n%s", diff)
	}
}

func (s *testNamespace) tryPatchService(name, body string) error {
	_, err := clientset.CoreV1().Services(s.namespace).Patch(
		s.t.Context(), name, types.MergePatchType, []byte(body), metav1.PatchOptions{})
	return err
}

func (s *testNamespace) tryService(name string, change ...func(*corev1.Service)) error {
	service := s.serviceOf(name, change...)
	_, err := clientset.CoreV1().Services(s.namespace).Create(s.t.Context(), service, metav1.CreateOptions{})
	return err
}

func TestWrongAnnotationsAreRefused(t *testing.T) {
	const webhook, path = "services.tanist.dev", "metadata.annotations"
	i := newInstalled(t)
	r := i.serve()
	r.waitElected()
	s := newNamespace(t)
	s.withService("old", annotation(config.StrategyKey, "best")) // without admission
	s.withService("web")
	s.withService("plain", func(service *corev1.Service) { delete(service.Annotations, config.EnabledKey) })
	s.exists("web-leader")
	i.call(r)

	strategy := path + `[tanist.dev/strategy]: Unsupported value: "best": supported values: "oldest", "newest", "ordinal"`
	wantRefused(t, s.tryService("new", annotation(config.StrategyKey, "best")), webhook,
		`Service "new" is invalid: `+strategy, path+"[tanist.dev/strategy]")
	wantRefused(t, s.tryPatchService("web", `{"metadata":{"annotations":{"tanist.dev/strategy":"best"}}}`), webhook,
		`Service "web" is invalid: `+strategy, path+"[tanist.dev/strategy]")
	wantRefused(t, s.tryService("new", annotation(config.LeaderServiceKey, "plain")), webhook,
		`Service "new" is invalid: `+path+`[tanist.dev/leader-service]: Invalid value: "plain": is the name of an existing Service, `+
			`which Tanist leaves alone because it is not this one's leader Service: choose another name`,
		path+"[tanist.dev/leader-service]")
	wantRefused(t, s.tryService("new", annotation(config.LeaderServiceKey, "web-leader")), webhook,
		`Service "new" is invalid: `+path+`[tanist.dev/leader-service]: Invalid value: "web-leader": is the leader Service of `+
			`Service web: choose another name`, path+"[tanist.dev/leader-service]")

	// Existing mistakes do not block unrelated updates.
	for what, err := range map[string]error{
		"a label":             s.tryPatchService("old", `{"metadata":{"labels":{"a":"b"}}}`),
		"a right value":       s.tryPatchService("old", `{"metadata":{"annotations":{"tanist.dev/sticky":"false"}}}`),
		"a name that is free": s.tryService("right", annotation(config.LeaderServiceKey, "boss")),
	} {
		if err != nil {
			t.Errorf("%s is refused: %v", what, err)
		}
	}
	const sticky = `[tanist.dev/sticky]: Unsupported value: "perhaps": supported values: "true", "false"`
	wantRefused(t, s.tryPatchService("old", `{"metadata":{"annotations":{"tanist.dev/sticky":"perhaps"}}}`), webhook,
		`Service "old" is invalid: `+path+sticky, path+"[tanist.dev/sticky]")
	if err := s.tryPatchService("old", `{"metadata":{"annotations":{"tanist.dev/strategy":"newest"}}}`); err != nil {
		t.Errorf("it cannot be mended: %v", err)
	}

	elsewhere := newNamespace(t, config.EnabledKey+"=")
	if err := elsewhere.tryService("new", annotation(config.StrategyKey, "best")); err != nil {
		t.Errorf("it is refused in a namespace that has not opted in: %v", err)
	}
}

func TestAWrongTuningIsRefused(t *testing.T) {
	i, r := admitting(t)
	const path = "data[tuning.yaml]."
	refuse := func(text, what, field string) {
		t.Helper()
		wantRefused(t, i.tryPut(text), "tuning.tanist.dev", `ConfigMap "tanist-tuning" is invalid: `+what, field)
	}
	refuse("commit: {concurrency: 0}", path+"commit.concurrency: Invalid value: 0: must be from 1 to 256", path+"commit.concurrency")
	refuse("commit: {backupDelay: soon}",
		path+`commit.backupDelay: Invalid value: "soon": must be a duration such as 50ms or 10s`, path+"commit.backupDelay")

	good := "commit: {concurrency: 7}"
	i.put(good, r)
	refuse("commit: {concurrency: 300}", path+"commit.concurrency: Invalid value: 300: must be from 1 to 256", path+"commit.concurrency")
	r.isTuned(good)

	// Written without admission: the last good tuning stays in force, and an Event says so.
	i.removeWebhooks(t.Context())
	history.eventually(t, func() string { // the API server notices a moment later
		if err := i.tryPut("commit: {concurrency: 300}"); err != nil {
			return "that it is no longer refused: " + err.Error()
		}
		return ""
	})
	r.counts(1, "tanist_tuning_stale")
	i.warnsOfTuning("InvalidTuning", "must be from 1 to 256")
	r.isTuned(good)
	i.call(r)
	// An existing mistake does not block a label.
	if _, err := clientset.CoreV1().ConfigMaps(release).Patch(t.Context(), config.TuningConfigMap, types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{}); err != nil {
		t.Errorf("a label is refused: %v", err)
	}
	refuse("commit: {concurrency: 0}", path+"commit.concurrency: Invalid value: 0: must be from 1 to 256", path+"commit.concurrency")
	i.put("commit: {concurrency: 8}", r)
	r.counts(0, "tanist_tuning_stale")
}
