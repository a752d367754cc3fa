package store

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestWhichNamespacesAreWatched(t *testing.T) {
	unlabelled := func(m *metav1.PartialObjectMetadata) { m.Labels = nil }
	terminating := func(m *metav1.PartialObjectMetadata) { m.DeletionTimestamp = new(metav1.NewTime(gen.T0)) }
	cases := map[string]struct {
		namespace *metav1.PartialObjectMetadata
		// leaderService says that there is one.
		leaderService bool
		only          []string
		want          bool
	}{
		"one with the label":                             {namespace: gen.Namespace("shop"), want: true},
		"one without the label":                          {namespace: gen.Namespace("shop", unlabelled)},
		"one without the label and with leader Services": {namespace: gen.Namespace("shop", unlabelled), leaderService: true, want: true},
		"one that is being deleted":                      {namespace: gen.Namespace("shop", terminating), want: true},
		"one that is gone":                               {leaderService: true},
		"a label that has no effect":                     {namespace: gen.Namespace("shop"), only: []string{"bank"}},
		"one of those that may be watched":               {namespace: gen.Namespace("shop", unlabelled), only: []string{"bank", "shop"}, want: true},
		"one of those that may be watched, and is gone":  {only: []string{"shop"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := NewFake()
			s.leaderServices = toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, toolscache.Indexers{toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc})
			if test.only != nil {
				s.only, s.leaderServices = sets.New(test.only...), nil
			}
			if test.namespace != nil {
				if err := s.add(test.namespace); err != nil {
					t.Fatal(err)
				}
			}
			if test.leaderService {
				leader := serviceMetadata()
				leader.Namespace, leader.Name = "shop", "web-leader"
				if err := s.leaderServices.Add(leader); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.watches("shop"); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestANamespaceThatMayNotBeWatchedHasNotOptedIn(t *testing.T) {
	s := NewFake(gen.Namespace("shop"), gen.Namespace("bank"))
	if !s.OptedIn("shop") || !s.MayOptIn("anywhere") {
		t.Error("a namespace cannot opt in")
	}
	s.only = sets.New("bank")
	if s.OptedIn("shop") || !s.OptedIn("bank") {
		t.Error("the wrong namespaces have opted in")
	}
}

// TestTheServicesAreTheLastKind: when their handlers get them, everything else is known.
func TestTheServicesAreTheLastKind(t *testing.T) {
	all := kinds()
	if last := all[len(all)-1].Name; last != KindServices {
		t.Errorf("%s are the last", last)
	}
}
