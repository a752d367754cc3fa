package planner

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// CarriedOut reports whether the plan's first write was carried out, as the slices show it. known is false as long as they show the slice from
// which the plan was made: the write may still arrive. A slice that was deleted since shows nothing, and the write counts as not carried out.
//
// Another replica may have made the same decision. So a move is looked up in the history, by its time to the millisecond, and later moves do not hide
// it. Any other write must still be the last one, with the trigger's time, which each replica has from its own clock. Without a trigger, it cannot be
// told from another replica's.
func (p Plan) CarriedOut(existing map[string]leaderslice.Slice) (carriedOut, known bool) {
	write := p.Writes[0]
	slice, exists := existing[write.Desired.Name]
	switch {
	case !exists:
		return false, write.Current != nil
	case write.Current != nil && write.Current.ResourceVersion == slice.ResourceVersion:
		return false, false
	case p.Decision.Move:
		moves, _ := leaderslice.ParseHistory(slice.Object.Annotations)
		return slices.ContainsFunc(moves, func(move leaderslice.Move) bool {
			return move.Term == p.After.Term && move.At.Equal(p.After.Since)
		}), true
	default:
		const trigger = corev1.EndpointsLastChangeTriggerTime
		ours := write.Desired.Annotations[trigger]
		return ours != "" && slice.Object.Annotations[trigger] == ours && leaderslice.SameSlice(slice.Object, write.Desired), true
	}
}

// SameBase reports whether the first writes of two plans change the same version of a slice, so that one of them at most is carried out.
func (p Plan) SameBase(other Plan) bool {
	a, b := p.Writes[0].Current, other.Writes[0].Current
	return a == b || a != nil && b != nil && a.UID == b.UID && a.ResourceVersion == b.ResourceVersion
}
