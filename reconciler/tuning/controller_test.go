package tuning

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

var theTuning = types.NamespacedName{Namespace: "tanist-system", Name: config.TuningConfigMap}

// installation is an API with Tanist's ConfigMaps, and one replica that watches them.
type installation struct {
	t          *testing.T
	api        client.WithWatch
	controller *Controller
	events     *events.FakeRecorder
	lease      bool
}

func newInstallation(t *testing.T, funcs interceptor.Funcs) *installation {
	t.Helper()
	i := &installation{
		t: t, events: events.NewFakeRecorder(10),
		api: interceptor.NewClient(fake.NewClientBuilder().WithObjects(
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: theTuning.Namespace, Name: config.TuningState}}).Build(), funcs),
	}
	i.controller = i.replica()
	return i
}

// replica is one that has just started, and has seen nothing.
func (i *installation) replica() *Controller {
	return &Controller{
		key: theTuning, stores: store.NewFake(), store: config.NewStore(), live: i.api, client: i.api, holdsLease: func() bool { return i.lease },
		recorder: i.events, warnings: notify.NewDeduplicator(), enqueueAll: func() {},
	}
}

// write makes or changes one of the ConfigMaps, unseen.
func (i *installation) write(name, text string) {
	i.t.Helper()
	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: theTuning.Namespace, Name: name}}
	err := client.IgnoreNotFound(i.api.Get(i.t.Context(), client.ObjectKeyFromObject(configMap), configMap))
	configMap.Data = map[string]string{config.TuningKey: text}
	switch {
	case err != nil:
	case configMap.UID == "" && configMap.ResourceVersion == "":
		err = i.api.Create(i.t.Context(), configMap)
	default:
		err = i.api.Update(i.t.Context(), configMap)
	}
	if err != nil {
		i.t.Fatal(err)
	}
}

// delete deletes one of the ConfigMaps, unseen.
func (i *installation) delete(name string) {
	i.t.Helper()
	if err := i.api.Delete(i.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: theTuning.Namespace, Name: name},
	}); err != nil {
		i.t.Fatal(err)
	}
}

// see brings the replica's informers up to date.
func (i *installation) see() {
	i.t.Helper()
	var all corev1.ConfigMapList
	if err := i.api.List(i.t.Context(), &all); err != nil {
		i.t.Fatal(err)
	}
	var objects []metav1.Object
	for n := range all.Items {
		objects = append(objects, &all.Items[n])
	}
	*i.controller.stores = *store.NewFake(objects...)
}

// reconcile returns the result, and the Events with what their notes say after the first semicolon.
func (i *installation) reconcile() (reconcile.Result, []string) {
	i.t.Helper()
	result, err := i.controller.Reconcile(i.t.Context(), reconcile.Request{NamespacedName: theTuning})
	if err != nil {
		i.t.Fatal(err)
	}
	var got []string
	for len(i.events.Events) > 0 {
		kind, rest, _ := strings.Cut(<-i.events.Events, " ")
		reason, note, _ := strings.Cut(rest, " ")
		_, meanwhile, _ := strings.Cut(note, "; ")
		got = append(got, kind+" "+reason+": "+meanwhile)
	}
	return result, got
}

// delay is the tuning in force, as the tests set it.
func (i *installation) delay() time.Duration {
	return i.controller.store.Load().Commit.BackupDelay.Duration
}

// state is the text in tanist-state.
func (i *installation) state() string {
	i.t.Helper()
	configMap := &corev1.ConfigMap{}
	if err := i.api.Get(i.t.Context(), client.ObjectKey{Namespace: theTuning.Namespace, Name: config.TuningState}, configMap); err != nil {
		i.t.Fatal(err)
	}
	return configMap.Data[config.TuningKey]
}

const (
	tuned70    = "commit: {backupDelay: 70ms} # as written"
	tuned80    = "commit: {backupDelay: 80ms}"
	tunedWrong = "commit: {backupDelay: soon}"
)

func TestTuningIsPutInForce(t *testing.T) {
	type outcome struct {
		Delay  time.Duration
		State  string
		Stale  bool
		Again  bool
		Events []string
	}
	const inForce = "Warning InvalidTuning: the last good tuning stays in force"
	steps := []struct {
		what string
		do   func(*installation)
		want outcome
	}{
		{what: "nothing is tuned", do: func(*installation) {}, want: outcome{Delay: 50 * time.Millisecond}},
		{
			what: "a replica that does not hold the Lease does not save it",
			do:   func(i *installation) { i.write(config.TuningConfigMap, tuned70) },
			want: outcome{Delay: 70 * time.Millisecond, Again: true},
		},
		{
			what: "the holder of the Lease saves it as it is written",
			do:   func(i *installation) { i.lease = true },
			want: outcome{Delay: 70 * time.Millisecond, State: tuned70},
		},
		{what: "and only once", do: func(*installation) {}, want: outcome{Delay: 70 * time.Millisecond, State: tuned70}},
		{
			what: "a wrong one is not in force, and the holder of the Lease says so",
			do:   func(i *installation) { i.write(config.TuningConfigMap, tunedWrong) },
			want: outcome{Delay: 70 * time.Millisecond, State: tuned70, Stale: true, Events: []string{inForce}},
		},
		{what: "once", do: func(*installation) {}, want: outcome{Delay: 70 * time.Millisecond, State: tuned70, Stale: true}},
		{
			what: "a replica that has just started has the last good one, and leaves it to the holder of the Lease to say so",
			do:   func(i *installation) { i.controller, i.lease = i.replica(), false },
			want: outcome{Delay: 70 * time.Millisecond, State: tuned70, Stale: true, Again: true},
		},
		{
			what: "what a replica remembers counts for nothing",
			do:   func(i *installation) { i.write(config.TuningState, tuned80) },
			want: outcome{Delay: 80 * time.Millisecond, State: tuned80, Stale: true, Again: true},
		},
		{
			what: "a last good one that cannot be read is none",
			do:   func(i *installation) { i.write(config.TuningState, tunedWrong); i.lease = true },
			want: outcome{
				Delay: 50 * time.Millisecond, State: tunedWrong, Stale: true,
				Events: []string{"Warning InvalidTuning: the defaults are in force, because this version cannot read the last good tuning " +
					"in the ConfigMap tanist-state: data[tuning.yaml].commit.backupDelay: Invalid value: \"soon\": " +
					"must be a duration such as 50ms or 10s"},
			},
		},
		{
			what: "the tuning is mended",
			do:   func(i *installation) { i.write(config.TuningConfigMap, tuned80) },
			want: outcome{Delay: 80 * time.Millisecond, State: tuned80},
		},
		{
			what: "someone changes what is saved",
			do:   func(i *installation) { i.write(config.TuningState, tuned70) },
			want: outcome{Delay: 80 * time.Millisecond, State: tuned80},
		},
		{
			what: "the tuning is deleted",
			do:   func(i *installation) { i.delete(config.TuningConfigMap) },
			want: outcome{Delay: 50 * time.Millisecond},
		},
	}
	i := newInstallation(t, interceptor.Funcs{})
	for _, step := range steps {
		step.do(i)
		i.see()
		result, events := i.reconcile()
		got := outcome{i.delay(), i.state(), i.controller.store.Stale(), result.RequeueAfter > 0, events}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
}

// TestAnOldTuningIsNotSaved: neither by a replica that lags behind nor by one that has just lost the Lease.
func TestAnOldTuningIsNotSaved(t *testing.T) {
	cases := map[string]struct {
		change func(*installation)
		want   string
	}{
		"the tuning has changed since":                {change: func(i *installation) { i.write(config.TuningConfigMap, tuned80) }},
		"it is wrong by now":                          {change: func(i *installation) { i.write(config.TuningConfigMap, tunedWrong) }},
		"it is gone by now":                           {change: func(i *installation) { i.delete(config.TuningConfigMap) }},
		"another replica has saved a newer one since": {change: func(i *installation) { i.write(config.TuningState, tuned80) }, want: tuned80},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t, interceptor.Funcs{})
			i.lease = true
			i.write(config.TuningConfigMap, tuned70)
			i.see()
			test.change(i)
			result, events := i.reconcile()
			if result.RequeueAfter == 0 || len(events) > 0 {
				t.Errorf("got %+v and %v", result, events)
			}
			if got := i.state(); got != test.want {
				t.Errorf("%q is saved, want %q", got, test.want)
			}
		})
	}
}

func TestATuningThatCannotBeSaved(t *testing.T) {
	resource := schema.GroupResource{Resource: "configmaps"}
	cases := map[string]struct {
		answer error
		change func(*installation)
		wants  string // in the Event; none when it is tried again
	}{
		"there is no right to": {answer: apierrors.NewForbidden(resource, config.TuningState, errors.New("no RBAC policy matched")), wants: "no RBAC policy matched"},
		"it is immutable": {
			answer: apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, config.TuningState, nil), wants: "is invalid",
		},
		"there is no ConfigMap for it": {change: func(i *installation) { i.delete(config.TuningState) }, wants: "install it again"},
		"the API server is away":       {answer: apierrors.NewInternalError(errors.New("not now"))},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t, interceptor.Funcs{Patch: func(
				context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption,
			) error {
				return test.answer
			}})
			i.lease = true
			i.write(config.TuningConfigMap, tuned70)
			if test.change != nil {
				test.change(i)
			}
			i.see()
			gen.Tune(i.controller.store, "retry: {standard: {maxAttempts: 1}}")
			_, err := i.controller.Reconcile(t.Context(), reconcile.Request{NamespacedName: theTuning})
			if (err == nil) != (test.wants != "") {
				t.Errorf("got error %v", err)
			}
			event := ""
			if len(i.events.Events) > 0 {
				event = <-i.events.Events
			}
			if got := strings.HasPrefix(event, "Warning TuningNotSaved") && strings.Contains(event, test.wants); got != (test.wants != "") {
				t.Errorf("got Event %q, want %q", event, test.wants)
			}
			if got := i.delay(); got != 70*time.Millisecond {
				t.Errorf("a delay of %s is in force", got)
			}
		})
	}
}
