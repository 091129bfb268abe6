"""Human studies: what people are shown and asked, the application that asks them, and what their answers say."""
