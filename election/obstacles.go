package election

// Obstacle is why a pod cannot lead, or why others that can come before it.
type Obstacle string

// The obstacles. They are printed by the kubectl plugin, so they are stable.
const (
	// ObstacleTerminating is a pod whose deletion has begun.
	ObstacleTerminating Obstacle = "Terminating"
	// ObstacleNotReady is a pod that is not Ready.
	ObstacleNotReady Obstacle = "NotReady"
	// ObstacleUnfit is a pod that can carry none of the Service's traffic (Candidate.Problem).
	ObstacleUnfit Obstacle = "Unfit"
	// ObstacleExcluded is a pod that the user does not want to lead (Candidate.Excluded).
	ObstacleExcluded Obstacle = "Excluded"

	// ObstacleNotElected is a pod that the application has not elected (see Following).
	ObstacleNotElected Obstacle = "NotElected"

	// ObstacleInDoubt is a pod that an observer believes to be lost, or believed so not long ago.
	ObstacleInDoubt Obstacle = "InDoubt"
	// ObstacleRunsToCompletion is a pod that ends by itself.
	ObstacleRunsToCompletion Obstacle = "RunsToCompletion"
	// ObstacleTooYoung is a pod that has not been Ready for its min-ready.
	ObstacleTooYoung Obstacle = "TooYoung"
	// ObstacleAnnounced is a pod that is announced to go (Candidate.Announced).
	ObstacleAnnounced Obstacle = "Announced"
	// ObstacleIncomplete is a pod that lacks some of the Service's ports or address families (Candidate.Missing).
	ObstacleIncomplete Obstacle = "Incomplete"
)

// Excludes reports whether a pod with this obstacle is never made leader. With any other obstacle, it leads if no pod without one can.
func (o Obstacle) Excludes() bool {
	switch o {
	case ObstacleTerminating, ObstacleNotReady, ObstacleUnfit, ObstacleExcluded, ObstacleNotElected:
		return true
	default:
		return false
	}
}

// obstacles returns all obstacles of a pod, those that exclude it first.
func (e evaluation) obstacles(c Candidate) []Obstacle {
	var all []Obstacle
	add := func(obstacle Obstacle, applies bool) {
		if applies {
			all = append(all, obstacle)
		}
	}
	add(ObstacleTerminating, c.Terminating)
	add(ObstacleNotReady, !c.Ready)
	add(ObstacleUnfit, c.Problem != "")
	if e.rules.Following != nil {
		add(ObstacleNotElected, !e.rules.follows(&c))
		return all // nothing else matters
	}
	add(ObstacleExcluded, c.Excluded != "")
	add(ObstacleInDoubt, !c.trusted())
	add(ObstacleRunsToCompletion, c.Finite)
	add(ObstacleTooYoung, c.Fit() && !e.eligible(c))
	add(ObstacleAnnounced, c.Announced != NotAnnounced)
	add(ObstacleIncomplete, c.Missing > 0)
	return all
}
