package leader

import (
	"context"
	"errors"
)

// Run runs a function whenever this process has a grant, with the default Options. See Leadership.Run.
func Run(ctx context.Context, lead func(ctx context.Context, state State) error) error {
	l, err := process()
	if err != nil {
		return err
	}
	return l.Run(ctx, lead)
}

// Run runs a function whenever this process has a grant, with a context that is done when it has it no longer. When the function returns, nothing
// in this process may act as the leader any more. If the leader has moved, Run then steps down, so that the next leader need not wait until
// the grant would have expired. It also does so at its own end.
//
// A context ends a moment after the grant. So what only a leader may do should ask State.Valid first.
//
// Run ends with ctx, and when the function returns while its grant is valid, or with an error other than the context's. It returns the
// function's error.
func (l *Leadership) Run(ctx context.Context, lead func(ctx context.Context, state State) error) error {
	var err error
	for state := range l.Watch(ctx) {
		over := false
		for state.Valid() && ctx.Err() == nil && !over { // it may have ended and been renewed before Watch could see that
			over, err = l.whileValid(ctx, state, lead)
		}
		if over {
			break
		}
		if !state.Leads {
			_ = l.StepDown(context.WithoutCancel(ctx)) // it ends with the grant, so that it cannot fail, and is told although ctx ends meanwhile
		}
	}
	return errors.Join(err, l.StepDown(context.WithoutCancel(ctx)))
}

// whileValid runs the function for one grant. It returns true if it should not be run again.
func (l *Leadership) whileValid(ctx context.Context, state State, lead func(context.Context, State) error) (over bool, err error) {
	leading, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for range l.Watch(leading) {
			if !state.Valid() {
				cancel()
				return
			}
		}
	}()
	err = lead(leading, state)
	// The function may have seen the end of the grant before the context was done.
	if leading.Err() == nil && state.Valid() {
		return true, err
	}
	if errors.Is(err, leading.Err()) {
		return false, nil
	}
	return err != nil, err
}
