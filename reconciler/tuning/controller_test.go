package tuning

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
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
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// tuningKey is the key of the ConfigMap tanist-tuning.
var tuningKey = types.NamespacedName{Namespace: "tanist-system", Name: config.TuningConfigMap}

// installation is an API server with Tanist's ConfigMaps, and one replica that watches them.
type installation struct {
	t          *testing.T
	api        client.WithWatch
	controller *Controller
	events     *events.FakeRecorder
	holdsLease bool
}

func newInstallation(t *testing.T, funcs interceptor.Funcs) *installation {
	t.Helper()
	i := &installation{
		t: t, events: events.NewFakeRecorder(10),
		api: interceptor.NewClient(fake.NewClientBuilder().WithObjects(
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tuningKey.Namespace, Name: config.TuningState}}).Build(), funcs),
	}
	i.controller = i.newReplica()
	return i
}

// newReplica returns the controller of a replica that has just started, and has seen nothing.
func (i *installation) newReplica() *Controller {
	c, err := New(Options{
		Namespace: tuningKey.Namespace, Stores: store.NewFake(), Live: i.api, Client: i.api, Tuning: config.NewStore(),
		Holds: func() bool { return i.holdsLease }, Registerer: prometheus.NewRegistry(), Recorder: i.events, EnqueueAll: func() {},
	})
	if err != nil {
		i.t.Fatal(err)
	}
	return c
}

// write creates or updates one of the ConfigMaps. The replica does not see it yet.
func (i *installation) write(name, text string) {
	i.t.Helper()
	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: tuningKey.Namespace, Name: name}}
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

// delete deletes one of the ConfigMaps. The replica does not see it yet.
func (i *installation) delete(name string) {
	i.t.Helper()
	if err := i.api.Delete(i.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: tuningKey.Namespace, Name: name},
	}); err != nil {
		i.t.Fatal(err)
	}
}

// syncInformers brings the replica's informers up to date.
func (i *installation) syncInformers() {
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

// reconcile returns the result, and the Events. Of a note it keeps what follows the first semicolon.
func (i *installation) reconcile() (reconcile.Result, []string) {
	i.t.Helper()
	result, err := i.controller.Reconcile(i.t.Context(), reconcile.Request{NamespacedName: tuningKey})
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

// backupDelay returns the value in force of the one field that the tests tune.
func (i *installation) backupDelay() time.Duration {
	return i.controller.tuning.Load().Commit.BackupDelay.Duration
}

// savedText returns the text in tanist-state.
func (i *installation) savedText() string {
	i.t.Helper()
	configMap := &corev1.ConfigMap{}
	if err := i.api.Get(i.t.Context(), client.ObjectKey{Namespace: tuningKey.Namespace, Name: config.TuningState}, configMap); err != nil {
		i.t.Fatal(err)
	}
	return configMap.Data[config.TuningKey]
}

const (
	tuned70    = "commit: {backupDelay: 70ms} # as written"
	tuned80    = "commit: {backupDelay: 80ms}"
	tunedWrong = "commit: {backupDelay: soon}"
)

func TestReconcile(t *testing.T) {
	type outcome struct {
		Delay   time.Duration
		Saved   string
		Stale   bool
		Requeue bool
		Events  []string
	}
	const inForce = "Warning InvalidTuning: the last good tuning stays in force"
	steps := []struct {
		what string
		do   func(*installation)
		want outcome
	}{
		{what: "there is no tuning", do: func(*installation) {}, want: outcome{Delay: 50 * time.Millisecond}},
		{
			what: "a replica that does not hold the Lease does not save it",
			do:   func(i *installation) { i.write(config.TuningConfigMap, tuned70) },
			want: outcome{Delay: 70 * time.Millisecond, Requeue: true},
		},
		{
			what: "the holder of the Lease saves it, as written",
			do:   func(i *installation) { i.holdsLease = true },
			want: outcome{Delay: 70 * time.Millisecond, Saved: tuned70},
		},
		{what: "it is not saved again", do: func(*installation) {}, want: outcome{Delay: 70 * time.Millisecond, Saved: tuned70}},
		{
			what: "a wrong tuning is not in force, and the holder of the Lease warns of it",
			do:   func(i *installation) { i.write(config.TuningConfigMap, tunedWrong) },
			want: outcome{Delay: 70 * time.Millisecond, Saved: tuned70, Stale: true, Events: []string{inForce}},
		},
		{what: "the holder of the Lease does not warn again", do: func(*installation) {}, want: outcome{Delay: 70 * time.Millisecond, Saved: tuned70, Stale: true}},
		{
			what: "a replica that has just started uses the last good tuning, and leaves the warning to the holder of the Lease",
			do:   func(i *installation) { i.controller, i.holdsLease = i.newReplica(), false },
			want: outcome{Delay: 70 * time.Millisecond, Saved: tuned70, Stale: true, Requeue: true},
		},
		{
			what: "what is saved counts, not what a replica remembers",
			do:   func(i *installation) { i.write(config.TuningState, tuned80) },
			want: outcome{Delay: 80 * time.Millisecond, Saved: tuned80, Stale: true, Requeue: true},
		},
		{
			what: "a last good tuning that cannot be read is not used",
			do:   func(i *installation) { i.write(config.TuningState, tunedWrong); i.holdsLease = true },
			want: outcome{
				Delay: 50 * time.Millisecond, Saved: tunedWrong, Stale: true,
				Events: []string{"Warning InvalidTuning: the defaults are in force, because this version cannot read the last good tuning " +
					"in the ConfigMap tanist-state: data[tuning.yaml].commit.backupDelay: Invalid value: \"soon\": " +
					"must be a duration such as 50ms or 10s"},
			},
		},
		{
			what: "the tuning is corrected",
			do:   func(i *installation) { i.write(config.TuningConfigMap, tuned80) },
			want: outcome{Delay: 80 * time.Millisecond, Saved: tuned80},
		},
		{
			what: "someone changes the saved tuning",
			do:   func(i *installation) { i.write(config.TuningState, tuned70) },
			want: outcome{Delay: 80 * time.Millisecond, Saved: tuned80},
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
		i.syncInformers()
		result, events := i.reconcile()
		got := outcome{i.backupDelay(), i.savedText(), i.controller.tuning.Stale(), result.RequeueAfter > 0, events}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
}

// TestAnOldTuningIsNotSaved is about a replica whose informers lag behind, and about one that has just lost the Lease.
func TestAnOldTuningIsNotSaved(t *testing.T) {
	cases := map[string]struct {
		change func(*installation)
		want   string
	}{
		"the tuning has changed":                   {change: func(i *installation) { i.write(config.TuningConfigMap, tuned80) }},
		"the tuning has become wrong":              {change: func(i *installation) { i.write(config.TuningConfigMap, tunedWrong) }},
		"the tuning is deleted":                    {change: func(i *installation) { i.delete(config.TuningConfigMap) }},
		"another replica has saved a newer tuning": {change: func(i *installation) { i.write(config.TuningState, tuned80) }, want: tuned80},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t, interceptor.Funcs{})
			i.holdsLease = true
			i.write(config.TuningConfigMap, tuned70)
			i.syncInformers()
			test.change(i)
			result, events := i.reconcile()
			if result.RequeueAfter == 0 || len(events) > 0 {
				t.Errorf("got %+v and %v", result, events)
			}
			if got := i.savedText(); got != test.want {
				t.Errorf("%q is saved, want %q", got, test.want)
			}
		})
	}
}

// A replica that stopped may have left a tuning that is not saved.
func TestTheTuningIsLookedAtWhenThisReplicaGetsTheLease(t *testing.T) {
	c, q := newInstallation(t, interceptor.Funcs{}).controller, gen.NewQueue(t)
	c.Elected() // the controller has not started, and will look at everything
	if err := c.again.Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	gen.WantEnqueued(t, q, "before the Lease")
	c.Elected()
	gen.WantEnqueued(t, q, "with the Lease", tuningKey.Name)
}

func TestATuningThatCannotBeSaved(t *testing.T) {
	resource := schema.GroupResource{Resource: "configmaps"}
	cases := map[string]struct {
		answer error
		change func(*installation)
		want   string // a part of the Event's note; none when the controller tries again
	}{
		"the right is missing": {answer: apierrors.NewForbidden(resource, config.TuningState, errors.New("no RBAC policy matched")), want: "no RBAC policy matched"},
		"the ConfigMap is immutable": {
			answer: apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, config.TuningState, nil), want: "is invalid",
		},
		"a webhook denies it without saying how": {answer: apierrors.NewBadRequest("admission webhook denied the request"), want: "denied the request"},
		"the ConfigMap is missing":               {change: func(i *installation) { i.delete(config.TuningState) }, want: "install Tanist again"},
		"the API server has an error":            {answer: apierrors.NewInternalError(errors.New("not now"))},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t, interceptor.Funcs{Patch: func(
				context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption,
			) error {
				return test.answer
			}})
			i.holdsLease = true
			i.write(config.TuningConfigMap, tuned70)
			if test.change != nil {
				test.change(i)
			}
			i.syncInformers()
			gen.Tune(i.controller.tuning, "retry: {standard: {maxAttempts: 1}}")
			_, err := i.controller.Reconcile(t.Context(), reconcile.Request{NamespacedName: tuningKey})
			if (err == nil) != (test.want != "") {
				t.Errorf("got error %v", err)
			}
			event := ""
			if len(i.events.Events) > 0 {
				event = <-i.events.Events
			}
			if got := strings.HasPrefix(event, "Warning TuningNotSaved") && strings.Contains(event, test.want); got != (test.want != "") {
				t.Errorf("got Event %q, want %q", event, test.want)
			}
			if got := i.backupDelay(); got != 70*time.Millisecond {
				t.Errorf("a delay of %s is in force", got)
			}
		})
	}
}
