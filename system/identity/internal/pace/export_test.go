package pace

// Known is how many callers are remembered.
func (p *Pace) Known() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.free)
}
