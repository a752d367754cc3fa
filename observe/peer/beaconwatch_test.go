package peer

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAWatchSeesOnlyWhatIsSaidAfterItBegan(t *testing.T) {
	const (
		says    = "the replica says that it is alive"
		yes     = "the watch sees that"
		no      = "the watch sees nothing new"
		fails   = "the watch cannot read"
		touched = "somebody annotates the Lease"
		deleted = "the Lease is deleted"
	)
	cases := map[string][]string{
		"a replica that never said so":                   {no, no},
		"what it said before is old":                     {says, no, no},
		"it says so for the first time":                  {no, says, yes, no},
		"it says so again, and once more":                {says, no, says, yes, says, yes, no},
		"it says so twice between two looks":             {says, no, says, says, yes, no},
		"the API server is away at first":                {says, fails, no, says, yes},
		"what is said while the API server is away":      {says, no, says, fails, yes, no},
		"another change of the Lease is no sign of life": {says, no, touched, no},
		"the Lease goes with the pod":                    {says, no, deleted, no, no},
		"the Lease goes, and the replica says so again":  {says, no, deleted, no, says, yes},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newAPI(t)
				watch, replica := api.beacon("a", "uid").Watch("b"), api.beacon("b", "uid")
				for i, step := range steps {
					var err error
					switch step {
					case says:
						<-time.After(time.Second)
						err = replica.SayAlive(t.Context())
					case touched:
						lease := api.lease(t, "b")
						metav1.SetMetaDataAnnotation(&lease.ObjectMeta, "x", "y")
						err = api.Update(t.Context(), lease)
					case deleted:
						err = api.Delete(t.Context(), &coordinationv1.Lease{ObjectMeta: replica.meta("b")})
					case fails:
						api.err = errAway
						if changed, err := watch.Changed(t.Context()); changed || !errors.Is(err, errAway) {
							t.Fatalf("step %d: got %t (%v), want the error", i, changed, err)
						}
						api.err = nil
					default:
						var changed bool
						if changed, err = watch.Changed(t.Context()); changed != (step == yes) {
							t.Fatalf("step %d: got %t, but %s", i, changed, step)
						}
					}
					if err != nil {
						t.Fatalf("step %d: %v", i, err)
					}
				}
			})
		})
	}
}

func TestAliveSinceIsWhenTheReplicaSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newAPI(t)
		reader := api.beacon("a", "uid")
		if since, err := reader.AliveSince(t.Context(), "b"); err != nil || !since.IsZero() {
			t.Errorf("got %s (%v) of a replica that said nothing", since, err)
		}
		said := time.Now()
		if err := api.beacon("b", "uid").SayAlive(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		if since, err := reader.AliveSince(t.Context(), "b"); err != nil || !since.Equal(said) {
			t.Errorf("got %s (%v), want %s", since, err, said)
		}
	})
}
