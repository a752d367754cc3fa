package observe

import (
	"testing"
	"time"
)

func frozenPod() FreezeEvidence {
	return FreezeEvidence{
		FreezeAfter: time.Second, Replies: 10,
		First:     Request{Waiting: time.Second + resolution, Acknowledged: true},
		Second:    Request{Waiting: 490 * time.Millisecond, Acknowledged: true},
		NodeHeard: true, NodeDelay: time.Millisecond, SinceStall: -1,
	}
}

func TestAPodIsFrozenIfItsKernelAnswersAndItsProcessDoesNot(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*FreezeEvidence)
		want   bool
	}{
		"a stopped process":                 {func(*FreezeEvidence) {}, true},
		"switched off":                      {func(e *FreezeEvidence) { e.FreezeAfter = 0 }, false},
		"too early":                         {func(e *FreezeEvidence) { e.First.Waiting -= Tick }, false},
		"never answered before":             {func(e *FreezeEvidence) { e.Replies = 0 }, false},
		"the request did not arrive":        {func(e *FreezeEvidence) { e.First.Acknowledged = false }, false},
		"no second connection":              {func(e *FreezeEvidence) { e.Second = Request{} }, false},
		"the second request did not arrive": {func(e *FreezeEvidence) { e.Second.Acknowledged = false }, false},
		"the second request has just begun": {func(e *FreezeEvidence) { e.Second.Waiting = 100 * time.Millisecond }, false},
		"its node is silent":                {func(e *FreezeEvidence) { e.NodeHeard = false }, false},
		"its node lacks CPU":                {func(e *FreezeEvidence) { e.NodeDelay = time.Second }, false},
		"the observer has just stood still": {func(e *FreezeEvidence) { e.SinceStall = 100 * time.Millisecond }, false},
		"the observer stood still before":   {func(e *FreezeEvidence) { e.SinceStall = 400 * time.Millisecond }, true},
		"its node lacks CPU, and it is silent": {
			func(e *FreezeEvidence) {
				e.NodeDelay, e.First.Waiting, e.Second.Waiting = time.Second, StarvedWindow+resolution, StarvedWindow-SecondAfter
			}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := frozenPod()
			test.change(&e)
			if got := e.Frozen(); got != test.want {
				t.Errorf("the pod is frozen: %t, want %t: %+v", got, test.want, e)
			}
		})
	}
}

func TestAPodHasCrashedIfNothingListensAnyMore(t *testing.T) {
	for name, test := range map[string]struct {
		evidence CrashEvidence
		want     bool
	}{
		"a killed process":                        {CrashEvidence{Replies: 1, Ended: true, Refusals: 2, Over: RefusalGap}, true},
		"one refusal":                             {CrashEvidence{Replies: 1, Ended: true, Refusals: 1}, false},
		"a server that closes idle connections":   {CrashEvidence{Replies: 1, Ended: true}, false},
		"a port that was never heard":             {CrashEvidence{Ended: true, Refusals: 2, Over: time.Second}, false},
		"refused without the end of a connection": {CrashEvidence{Replies: 1, Refusals: 2, Over: time.Second}, false},
		"refused for a while":                     {CrashEvidence{Replies: 1, Refusals: 3, Over: refusedFor}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.evidence.Crashed(); got != test.want {
				t.Errorf("the pod has crashed: %t, want %t: %+v", got, test.want, test.evidence)
			}
		})
	}
}

func TestPatienceIsThatOfTheReadinessProbe(t *testing.T) {
	for name, test := range map[string]struct {
		probe Probe
		want  time.Duration
	}{
		"the default probe":      {Probe{Timeout: time.Second, FailureThreshold: 3}, 3 * time.Second},
		"an impatient probe":     {Probe{Timeout: time.Second, FailureThreshold: 1}, time.Second},
		"a probe without values": {Probe{}, MinFreezeAfter},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.probe.Patience(); got != test.want {
				t.Errorf("the patience is %s, want %s", got, test.want)
			}
		})
	}
}
