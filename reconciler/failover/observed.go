package failover

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
)

// VerdictChanged decides a Service anew, because an observer has come to another verdict on its leader.
func (c *Controller) VerdictChanged(key types.NamespacedName) {
	c.triggers.Record(key, time.Now())
	c.enqueueAfter(key, 0)
}

// askAgainAfter is after how long it is decided again whether a leader out of sight still says that it is ready, if another pod could lead.
const askAgainAfter = 2 * time.Second

// observe tells the observer what to watch for a Service, and reports what was noticed and moves nobody. It returns after how long to look again: when
// such a verdict is to be reported, or what a leader says may have changed. It is zero if neither is the case.
func (c *Controller) observe(key types.NamespacedName, in planner.Input, p planner.Plan, decided, now time.Time) time.Duration {
	if c.observer == nil {
		return 0
	}
	c.observer.Set(key, planner.Observed(in, p, decided))
	leader := p.Decision.Leader
	suspected := leader != nil && !p.Decision.Move && leader.Lost != ""
	age := c.suspicions.age(key, suspected, now)
	if suspected && age < suspicionDelay {
		return suspicionDelay - age
	}
	var warnings []notify.Warning
	if suspected {
		warnings = append(warnings, notify.Warning{
			Object: in.Source, Related: in.LeaderService, Reason: notify.ReasonLossSuspected, Action: notify.ActionElect,
			Note: fmt.Sprintf("%s seems to be lost (%s) and stays the leader, because no other pod that is ready has answered", leader.Name, leader.Lost),
		})
	}
	if leader != nil && leader.Node != "" && c.observer.DropsNewConnections(key) {
		warnings = append(warnings, notify.Warning{
			Object: in.Source, Related: in.LeaderService, Reason: notify.ReasonNewConnectionsDropped, Action: notify.ActionElect,
			Note: fmt.Sprintf("Node %s answers Tanist on connections that were open already, and on no new one: clients may no longer reach %s. It stays "+
				"the leader, because it serves those that are connected. The node's table of connections may be full", leader.Node, leader.Name),
		})
	}
	notify.Emit(c.recorder, c.doubtWarnings.Filter(key, warnings))
	if p.Decision.KeptOutOfSight() && leader.SaysReady && p.Decision.Successor != nil {
		return askAgainAfter
	}
	return 0
}

// unobserve ends the watch of a Service about which there is nothing to decide.
func (c *Controller) unobserve(key types.NamespacedName) {
	if c.observer != nil {
		c.observer.Forget(key)
	}
	c.suspicions.age(key, false, time.Time{})
	c.doubtWarnings.Filter(key, nil)
}
